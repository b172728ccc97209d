"""`dlq` works off letters in a database as it does those in Temporal. What is said where there is no database."""

from __future__ import annotations

from pathlib import Path

import pytest

from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from tests.cli.test_dlq import (
    Shop,
    test_a_newer_definition_is_used_if_it_can_take_the_place,
    test_a_run_that_would_undo_the_step_is_waited_for,
    test_a_saga_that_was_undone_is_redriven_as_a_whole,
    test_a_value_is_set_and_that_is_kept,
    test_a_worker_is_killed_while_it_redrives,
    test_from_an_alert_to_a_queue_that_is_empty,
    test_what_alerts_look_at,
)
from tests.support.processes import stepfile

pytestmark = pytest.mark.slow

THE_SAME = (
    test_what_alerts_look_at,
    test_from_an_alert_to_a_queue_that_is_empty,
    test_a_value_is_set_and_that_is_kept,
    test_a_newer_definition_is_used_if_it_can_take_the_place,
    test_a_run_that_would_undo_the_step_is_waited_for,
    test_a_saga_that_was_undone_is_redriven_as_a_whole,
    test_a_worker_is_killed_while_it_redrives,
)
"""These tests are run here, too, with the shop of this file."""

SETTING = 'letters_database = "sqlite:///letters.db"\n'
SINK = "{activity: stepfile.write_letter_to_database}"


def configure(folder: Path, setting: str) -> None:
    file = folder / "pyproject.toml"
    file.write_text(file.read_text() + setting)


def use_database(folder: Path) -> None:
    """Let all definitions of a folder keep their letters in the database."""
    for file in folder.glob("*.yaml"):
        file.write_text(file.read_text().replace(": {}}", f": {SINK}}}"))


@pytest.fixture
def shop(tmp_path: Path, server: DevServer) -> Shop:
    made = Shop(tmp_path, server)
    configure(tmp_path, SETTING)
    use_database(tmp_path)
    return made


def test_letters_of_both_places_are_listed(shop: Shop) -> None:
    with shop.worker():
        run = shop.fail_orders(1, refused=1)
        file = shop.folder / "orders.yaml"
        file.write_text(file.read_text().replace(SINK, "{}"))
        shop.submit("orders.yaml", f"{run}-2", "--input", "@orders.json")
        ids = sorted(letter["id"].partition("-")[0] for letter in shop.letters())
        assert ids == ["letter", "stepfile"]
        shop.refuse()
        assert shop.get("dlq", "redrive", "--queue", shop.queue, "--yes").count("done     ") == 2
    assert shop.letters() == []


def test_one_run_keeps_its_letters(shop: Shop) -> None:
    """`stepfile run` has a worker of its own."""
    shop.refuse("o1")
    (shop.folder / "orders.json").write_text('{"orders": [{"id": "o1", "amount": 1}]}')
    words = ("orders.yaml", "--input", "@orders.json", "--task-queue", shop.queue)
    shop.get("run", *words)
    (letter,) = shop.letters()
    assert letter["step"] == "charge_all[0]/charge"
    assert (shop.folder / "letters.db").exists()


def test_another_project_does_not_see_the_letters(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with shop.worker():
        shop.fail_orders(1, refused=1)
    (letter,) = shop.letters()
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    ended = stepfile("dlq", "show", letter["id"], cwd=elsewhere, env=shop.environment)
    assert ended.returncode == ExitCode.FAILED
    assert f"{letter['id']} is no letter that Temporal keeps\n" in ended.stderr
    assert "as letters_database of [tool.stepfile]" in ended.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with a definition that keeps letters in a database, and no database."""
    (tmp_path / "acts.py").write_text("from temporalio import activity\n@activity.defn\ndef act(): ...\n")
    (tmp_path / "pyproject.toml").write_text('[tool.stepfile]\nactivities = ["acts"]\n')
    (tmp_path / "sink.yaml").write_text(
        'dsl: "1"\nname: sink\n'
        f"dead_letter_queues: {{failed: {SINK}}}\n"
        "defaults: {timeouts: {start_to_close: 1s}, retry: {maximum_attempts: 1}}\n"
        "steps: [{activity: act, dead_letter: failed}]\n"
    )
    return tmp_path


def test_a_definition_is_checked_against_the_project(folder: Path) -> None:
    missing = stepfile("validate", "sink.yaml", "--with-activities", cwd=folder)
    assert missing.returncode == ExitCode.FAILED
    assert (
        "sink.yaml:3:41: unknown-activity: stepfile.write_letter_to_database needs a letters database, and "
        "the workers have none" in missing.stdout
    )
    configure(folder, SETTING)
    assert stepfile("validate", "sink.yaml", "--with-activities", "--strict", cwd=folder).returncode == 0


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("letters_database = 5", "letters_database must be the URL of a database, found 5"),
        ('letters_database = {url = "x"}', "has no setting url\nhint: it has one of: url_variable, url_file"),
        ("letters_database = {}", "must have exactly one of: url_variable, url_file"),
        ("letters_database = {url_file = 5}", "url_file must be text, found 5"),
        ('letters_database = "mysql://me:pass@host/db"', 'can\'t be used: it begins with "mysql"'),
        (
            'letters_database = {url_variable = "NO_URL"}',
            "the environment variable NO_URL, which holds the URL",
        ),
        (
            'letters_database = {url_file = "url"}',
            "url, which holds the URL of the letters database, can't be read",
        ),
    ],
)
@pytest.mark.parametrize("command", [("worker",), ("dlq", "list")])
def test_settings_that_are_wrong(
    folder: Path, server: DevServer, command: tuple[str, ...], setting: str, message: str
) -> None:
    configure(folder, f"{setting}\n")
    ended = stepfile(*command, "--address", server.address, cwd=folder)
    assert ended.returncode == ExitCode.FAILED
    assert message in ended.stderr
    assert "pass@" not in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("setting", "environment"),
    [
        ('{url_variable = "LETTERS_URL"}', {"LETTERS_URL": "sqlite:///there.db\n"}),
        ('{url_file = "secrets/url"}', {}),
    ],
)
def test_the_url_may_be_elsewhere(
    folder: Path, server: DevServer, setting: str, environment: dict[str, str]
) -> None:
    configure(folder, f"letters_database = {setting}\n")
    (folder / "secrets").mkdir()
    (folder / "secrets" / "url").write_text("sqlite:///there.db\n")
    listing = ("dlq", "list", "--queue", "nobody-has-this", "--address", server.address)
    ended = stepfile(*listing, cwd=folder, env=environment)
    assert (ended.returncode, ended.stderr) == (0, "there is no such dead letter\n")
    assert (folder / "there.db").exists()


def test_a_database_that_is_down(folder: Path, server: DevServer) -> None:
    configure(folder, 'letters_database = "postgresql://me:pass@127.0.0.1:1/letters"\n')
    ended = stepfile("dlq", "list", "--address", server.address, cwd=folder)
    assert ended.returncode == ExitCode.FAILED
    assert (
        "the letters database postgresql+psycopg://me:***@127.0.0.1:1/letters can't be used:" in ended.stderr
    )
    assert "Traceback" not in ended.stderr


def test_the_extra_is_missing(folder: Path, server: DevServer) -> None:
    """A package that can't be imported stands before the real one."""
    configure(folder, SETTING)
    hidden = folder / "hidden" / "sqlalchemy"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ImportError('no such package')")
    ended = stepfile(
        "worker", "--address", server.address, cwd=folder, env={"PYTHONPATH": str(hidden.parent)}
    )
    assert ended.returncode == ExitCode.FAILED
    assert "a letters database needs the package sqlalchemy" in ended.stderr
    assert "hint: pip install 'stepfile[sql]'" in ended.stderr
    checked = stepfile("validate", "sink.yaml", "--with-activities", cwd=folder)
    assert checked.returncode == 0, "to check a definition, no database is needed"
