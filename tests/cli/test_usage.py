"""Mistakes on the command line, the help and bugs of Stepfile end with the right exit code and message."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from signal import SIGINT

import pytest

from interpreter.cli.command_line import COMMANDS
from interpreter.cli.process.exit import ExitCode
from tests.cli.running_command import run_in_background
from tests.support.processes import STEPFILE, python, stepfile

MISTAKES: dict[tuple[str, ...], str] = {
    ("valdate", "x.yaml"): 'there is no command "valdate"; did you mean "validate"?',
    ("frobnicate",): 'there is no command "frobnicate"; the commands are breaker, ',
    ("validate", "--formt", "json", "x.yaml"): "Did you mean '--format'?",
    ("validate",): "Missing argument 'FILE...'",
    ("run", "x.yaml", "--input", "flight"): '"flight" is neither KEY=VALUE',
    ("run", "x.yaml", "--input", "a=1", "--input", "a.b=2"): '"a.b" is inside "a"',
    **{
        ("submit", "x.yaml", "--inputs", "y", "--rate", rate): f'"{rate}" is not a number from 0.001 on'
        for rate in ("nan", "inf", "0", "0.0009", "1e-300", "-1", "fast")
    },
    ("resume", "--definition", "x", "--rate", "nan"): '"nan" is not a number from 0.001 on',
    ("dlq", "redrive", "x", "--rate", "1e-300"): '"1e-300" is not a number from 0.001 on',
    (
        "list",
        "--since",
        "yesterday",
    ): '"yesterday" is neither a time nor a duration; write for example 2027-01-01T',
    ("list", "--since", "2027-02-30"): '"2027-02-30" is neither a time nor a duration',
    ("submit", "x.yaml", "--fairness-key", "a\nb"): r'the fairness key has a control character: "a\nb"',
    (
        "submit",
        "x.yaml",
        "--priority-key",
        "99999999999999",
    ): "the priority key is not a whole number from 1 to 2147483647: 99999999999999",
    ("worker", "--graceful-shutdown", "soon"): '"soon" is not a duration; write for example 500ms, 30s',
    ("compensation", "skip", "a", "b", "--reason", " "): "'--reason': say why; this text is empty",
    ("worker", "--task-queue", ""): "a task queue has a name; this one is empty",
    (
        "worker",
        "--task-queue",
        "ü" * 501,
    ): "the name of a task queue has at most 1,000 bytes; this one has 1,002",
    ("worker", "--biuld-id", "1"): "Did you mean '--build-id'?",
    ("worker", "--build-id", "1"): "--deployment-name is missing: a version is the name of a deployment and",
    ("worker", "--deployment-name", "shop"): "--build-id is missing: a version is",
    (
        "worker",
        "--deployment-name",
        "my.shop",
        "--build-id",
        "1",
    ): """'--deployment-name': "my.shop" can't be""",
    (
        "worker",
        "--deployment-name",
        "",
        "--build-id",
        "1",
    ): """'--deployment-name': "" can't be the name of a""",
    (
        "worker",
        "--deployment-name",
        "n" * 481,
        "--build-id",
        "1",
    ): "the name of a deployment has at most 480 bytes; this one has 481",
    (
        "worker",
        "--deployment-name",
        "n" * 480,
        "--build-id",
        "b" * 481,
    ): "a build id has at most 480 bytes; this one has 481",
    ("worker", "--deployment-name", "shop", "--build-id", ""): """'--build-id': "" can't be a build id: it""",
    (
        "signal",
        "x",
        "approved",
        "yes",
    ): """'yes' is neither KEY=VALUE nor @FILE nor JSON; to send text, write '"yes"'""",
    ("signal", "x", "approved", "a=1", "a=2"): 'PAYLOAD: "a" is given twice',
    ("submit", "x.yaml", "--signal", "go=yes"): "'yes' is neither KEY=VALUE",
    ("submit", "x.yaml", "--signal", "go", "--update", "add"): "either --signal or --update",
    (
        "submit",
        "x.yaml",
        "--cron",
        "@daily",
        "--start-delay",
        "1h",
    ): "both a start delay and a cron expression",
    ("submit", "x.yaml", "--cron", "@daily", "--update", "add"): "a start that has a cron expression",
    ("submit", "x.yaml", "--cron", "@daily", "--wait"): "either --wait or --cron: such a run never ends",
    ("submit", "x.yaml", "--id-reuse", "never"): "'never' is not one of 'allow-duplicate'",
    ("redrive", "x"): 'there is no command "redrive"; did you mean "stepfile dlq redrive"?',
    ("skip", "x"): 'there is no command "skip"; did you mean "stepfile compensation skip"?',
    ("breaker", "purge"): 'there is no command "purge"; did you mean "stepfile dlq purge"?',
    ("dlq", "retry"): 'did you mean "stepfile compensation retry" or "stepfile retry"?',
    ("dlq", "breaker"): 'there is no command "breaker"; did you mean "stepfile breaker"?',
    ("schedule", "crete", "x.yaml"): 'there is no command "crete"; did you mean "create"?',
    ("schedule", "create", "x.yaml"): "a schedule needs times: give --cron or --every",
    ("run", "-", "--input", "@-"): "standard input can't be both the definition and its input",
}
PROBLEMS: dict[tuple[str, ...], str] = {
    ("status", "x", "--address", "http://here"): "can't reach Temporal at http://here",
    ("status", "x", "--profile", "none"): "no profile 'none'",
}
BUG = """
import sys
import interpreter.cli.commands.schema, dsl.json_schema.schema
dsl.json_schema.schema.format_schema = lambda: 1 / 0
from interpreter.cli.main import main
sys.argv = ["stepfile", "schema"]
main()
"""


@pytest.mark.parametrize("arguments", MISTAKES)
def test_a_mistake_on_the_command_line(arguments: tuple[str, ...]) -> None:
    ended = stepfile(*arguments, stdin="{}")
    assert (ended.returncode, ended.stdout) == (ExitCode.USAGE, "")
    assert MISTAKES[arguments] in ended.stderr


@pytest.mark.parametrize("arguments", PROBLEMS)
def test_a_problem_with_temporal(arguments: tuple[str, ...]) -> None:
    ended = stepfile(*arguments)
    assert (ended.returncode, ended.stdout) == (ExitCode.FAILED, "")
    assert PROBLEMS[arguments] in ended.stderr
    assert "Traceback" not in ended.stderr


def test_help_and_version() -> None:
    shown = stepfile("--help")
    assert shown.returncode == ExitCode.SUCCESS
    assert all(f"\n  {command} " in shown.stdout for command in COMMANDS)
    assert "..." not in shown.stdout.split("Commands:")[1].split("First steps")[0], "summaries fit their line"
    assert stepfile("--version").stdout.startswith("stepfile ")


def test_a_bug_of_stepfile_is_reported_as_one() -> None:
    ended = python(BUG)
    assert ended.returncode == ExitCode.BUG
    assert "ZeroDivisionError" in ended.stderr
    assert "This is a bug of Stepfile, not of your file." in ended.stderr


def test_nobody_reads_the_output() -> None:
    # The schema does not fit into a pipe's buffer.
    with subprocess.Popen([STEPFILE, "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) == ExitCode.SUCCESS


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [STEPFILE, "schema"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ended.stderr == "Error: can't write the output: No space left on device\n"
    assert ended.returncode == ExitCode.FAILED


def test_ctrl_c_at_any_time(tmp_path: Path) -> None:
    fifo = tmp_path / "slow.json"
    os.mkfifo(fifo)
    with run_in_background("run", "order.yaml", "--input", f"@{fifo}", cwd=tmp_path) as run:
        with fifo.open("w"):  # returns when the command has begun to read
            run.send_signal(SIGINT)
            assert run.wait_for_exit() == ExitCode.INTERRUPTED
        assert run.stderr.strip() == ""
