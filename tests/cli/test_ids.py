"""Ids that nobody would choose are refused in plain words, or written so that they do nothing to a terminal."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from interpreter.cli.arguments.since import parse_since_option
from interpreter.temporal.dev_server.server import DevServer
from tests.support.processes import stepfile

ONE_STEP = """\
dsl: "1"
name: one
steps: [{id: pause, wait: 1ms}]
"""


@pytest.mark.parametrize(
    "command", [["show"], ["status"], ["log"], ["cancel"], ["signal", "", "go"], ["submit"]]
)
def test_an_id_that_no_run_can_have(server: DevServer, command: list[str]) -> None:
    for text, said in (
        ("", "the id of a run is empty"),
        ("\udcff", r""""\udcff" can't be the id of a run"""),
    ):
        if command == ["submit"]:
            words = ["submit", "-", "--id", text]
        elif len(command) > 1:
            words = [command[0], text, *command[2:]]
        else:
            words = [*command, text]
        ended = stepfile(*words, "--address", server.address, stdin=ONE_STEP)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert said in ended.stderr
        assert "Traceback" not in ended.stderr


@pytest.mark.slow
def test_control_characters_in_an_id_are_written_escaped(server: DevServer, task_queue: str) -> None:
    name = f"{task_queue}\n\x1b[31mred"
    at = ("--address", server.address)
    outputs = [
        stepfile("submit", "-", "--id", name, "--task-queue", task_queue, *at, stdin=ONE_STEP),
        stepfile("submit", "-", "--id", name, "--task-queue", task_queue, *at, stdin=ONE_STEP),
        *(stepfile(command, name, *at) for command in ("show", "status", "log")),
        stepfile("show", f"{name}?", *at),
        stepfile("list", "--definition", "one", *at),
    ]
    assert [each.returncode for each in outputs] == [0, 1, 0, 0, 0, 1, 0]
    for each in outputs:
        written = each.stdout + each.stderr
        assert "\x1b" not in written
        assert rf"{task_queue}\n\x1b[31mred" in written


def test_a_day_is_a_time() -> None:
    assert parse_since_option("2027-01-31") == datetime(2027, 1, 31, tzinfo=UTC)
