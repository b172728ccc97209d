"""`stepfile validate` finds all mistakes of all files, and is fast."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interpreter.cli.process.exit import ExitCode
from tests.support.processes import python, stepfile

IMPORTS = """
import sys
from interpreter.cli.command_line import stepfile
code = stepfile.main(sys.argv[1:], standalone_mode=False)
unneeded = {"temporalio", "asyncio", "rich", "httpx", "jsonschema"}
print(code, *sorted({name.partition(".")[0] for name in sys.modules} & unneeded))
"""


@pytest.fixture
def wrong(shop: Path) -> Path:
    """Make a folder that also has a definition with two errors and a warning."""
    text = (shop / "order.yaml").read_text()
    text = text.replace("start_to_close: 60s", "schedule_to_close: 60s").replace(
        "maximum_attempts", "max_attempts"
    )
    (shop / "wrong.yaml").write_text(text.replace("steps.charge", "steps.chrage"))
    return shop


def test_a_file_without_mistakes(shop: Path) -> None:
    ended = stepfile("validate", "order.yaml", cwd=shop)
    assert (ended.returncode, ended.stdout, ended.stderr) == (ExitCode.SUCCESS, "order.yaml: fine\n", "")


def test_it_loads_no_library_that_it_does_not_need(shop: Path) -> None:
    ended = python(IMPORTS, "validate", str(shop / "order.yaml"))
    assert ended.stdout == f"{shop}/order.yaml: fine\n0\n", ended.stderr


def test_plain_defaults_need_no_library(tmp_path: Path) -> None:
    properties = "{a: {type: string, default: x}, b: {default: {}}}"
    text = (
        f'dsl: "1"\nname: plain\ninput: {{type: object, properties: {properties}}}\nsteps: [{{wait: 1s}}]\n'
    )
    (tmp_path / "plain.yaml").write_text(text)
    ended = python(IMPORTS, "validate", str(tmp_path / "plain.yaml"))
    assert ended.stdout == f"{tmp_path}/plain.yaml: fine\n0\n", ended.stderr


def test_all_mistakes_of_all_files(wrong: Path) -> None:
    ended = stepfile("validate", "order.yaml", "wrong.yaml", "none.yaml", cwd=wrong)
    assert ended.returncode == ExitCode.FAILED
    assert "none.yaml:1:1: unreadable-file: there is no such file\n" in ended.stdout
    assert 'did you mean "maximum_attempts"?' in ended.stdout
    assert "wrong.yaml:14:" in ended.stdout
    assert 'did you mean "charge"?' in ended.stdout
    assert ended.stdout.splitlines()[-1].startswith("3 files: 3 errors"), ended.stdout
    assert "\x1b" not in ended.stdout


def test_the_formats_for_programs(wrong: Path) -> None:
    ended = stepfile("validate", "wrong.yaml", "none.yaml", "--format", "json", cwd=wrong)
    problems = json.loads(ended.stdout)
    assert ended.returncode == ExitCode.FAILED
    assert {problem["file"] for problem in problems} == {"wrong.yaml", "none.yaml"}
    assert {"unknown-key", "unreadable-file"} <= {problem["code"] for problem in problems}

    ended = stepfile("validate", "wrong.yaml", "--format", "github", cwd=wrong)
    assert ended.returncode == ExitCode.FAILED
    assert all(line.startswith("::") for line in ended.stdout.splitlines())


def test_standard_input_and_warnings(shop: Path) -> None:
    text = (shop / "order.yaml").read_text().replace("start_to_close: 60s", "schedule_to_close: 60s")
    ended = stepfile("validate", "-", stdin=text)
    assert ended.returncode == ExitCode.SUCCESS
    assert ended.stdout.startswith("<stdin>:"), ended.stdout
    assert "warning" in ended.stdout
    assert stepfile("validate", "-", "--strict", stdin=text).returncode == ExitCode.FAILED


@pytest.mark.parametrize("option", [("--with-activities",), ("--activities", "shop_activities")])
def test_calls_against_the_code(shop: Path, option: tuple[str, ...]) -> None:
    assert stepfile("validate", "order.yaml", *option, cwd=shop).returncode == ExitCode.SUCCESS
    code = shop / "shop_activities.py"
    code.write_text(code.read_text().replace("def charge(card: str)", "def charge(card: str, amount: int)"))
    ended = stepfile("validate", "order.yaml", *option, cwd=shop)
    assert ended.returncode == ExitCode.FAILED
    assert "order.yaml:25:5: wrong-arguments: charge takes 2 arguments, found 1\n" in ended.stdout


def test_all_mistakes_at_once_also_those_against_the_code(wrong: Path) -> None:
    text = (wrong / "wrong.yaml").read_text().replace("activity: reserve", "activity: resrve")
    (wrong / "wrong.yaml").write_text(text)
    ended = stepfile("validate", "wrong.yaml", "--with-activities", cwd=wrong)
    assert all(code in ended.stdout for code in ("unknown-key", "unknown-step", "unknown-activity"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("   x = 1", ":{line}: IndentationError: unindent does not match any outer indentation level\n"),
        ("    1 / 0", "shop_activities: ZeroDivisionError: division by zero\nhint: it was raised at "),
    ],
)
def test_code_that_is_not_python_is_named(shop: Path, line: str, said: str) -> None:
    code = shop / "shop_activities.py"
    code.write_text(f"{code.read_text()}\nif True:\n    y = 1\n{line}\n")
    ended = stepfile("validate", "order.yaml", "--with-activities", cwd=shop)
    assert ended.returncode == ExitCode.FAILED
    assert said.format(line=len(code.read_text().splitlines())) in ended.stderr
    assert "modules are looked for" not in ended.stderr


def test_a_file_of_cases_is_left_out_and_named(shop: Path) -> None:
    (shop / "order.rehearsal.yaml").write_text("cases:\n  - {name: well, expect: {status: completed}}\n")
    ended = stepfile("validate", "order.yaml", "order.rehearsal.yaml", "--strict", cwd=shop)
    assert (ended.returncode, ended.stdout) == (ExitCode.SUCCESS, "order.yaml: fine\n")
    assert ended.stderr == "order.rehearsal.yaml: left out, because it holds cases and no definition\n"
    ended = stepfile("validate", "order.rehearsal.yaml", cwd=shop)
    assert (ended.returncode, ended.stdout) == (ExitCode.SUCCESS, "")
    (shop / "other.rehearsal.yaml").write_text("cases: []\n")
    ended = stepfile("validate", "order.rehearsal.yaml", "other.rehearsal.yaml", cwd=shop)
    assert ended.stderr == "2 files: left out, because they hold cases and no definition\n"
    ended = stepfile("submit", "order.rehearsal.yaml", cwd=shop)
    assert ended.returncode == ExitCode.FAILED
    assert (
        "order.rehearsal.yaml:1:1: no-definition: this file holds cases, and no definition\n" in ended.stderr
    )


def test_the_nearest_file_is_suggested(shop: Path) -> None:
    ended = stepfile("validate", "order.yml", "../nowhere/order.yml", "shop_activities.pz", cwd=shop)
    assert ended.stdout.count("there is no such file") == 3
    assert ended.stdout.count("hint") == 1
    assert 'hint: did you mean "order.yaml"?' in ended.stdout
    bundle = (shop / "order.yaml").read_text() + "definitions: {ship: ordr.yaml}\n"
    ended = stepfile("validate", str(shop / "ordre.yaml"))
    assert 'hint: did you mean "order.yaml"?' in ended.stdout
    (shop / "bundle.yaml").write_text(bundle)
    ended = stepfile("validate", str(shop / "bundle.yaml"))
    assert "unreadable-file: ordr.yaml: there is no such file" in ended.stdout
    assert 'hint: did you mean "order.yaml"?' in ended.stdout


def test_files_that_give_a_shared_breaker_different_settings(tmp_path: Path) -> None:
    text = """\
dsl: "1"
name: {name}
circuit_breakers: {{payments: {{failure_threshold: {threshold}, wait_duration_in_open_state: 60s}}}}
defaults: {{timeouts: {{start_to_close: 5s}}, retry: {{maximum_attempts: 1}}}}
steps: [{{activity: a, circuit_breaker: payments}}]
"""
    for name, threshold in (("first", 3), ("same", 3), ("other", 5)):
        (tmp_path / f"{name}.yaml").write_text(text.format(name=name, threshold=threshold))
    assert "different-breaker" not in stepfile("validate", "first.yaml", "same.yaml", cwd=tmp_path).stdout
    ended = stepfile("validate", "first.yaml", "same.yaml", "other.yaml", cwd=tmp_path)
    assert "other.yaml:3:20: warning: different-breaker" in ended.stdout + ended.stderr
    assert "other settings in first.yaml: failure_threshold" in ended.stdout + ended.stderr
