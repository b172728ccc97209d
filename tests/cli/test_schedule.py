"""`schedule` lets Temporal start runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from temporalio.client import Client, Schedule, ScheduleActionStartWorkflow, ScheduleSpec

from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from stepfile import query_status
from tests.cli.running_command import run_in_background
from tests.support.history import events_of
from tests.support.processes import stepfile
from tests.support.waiting import until

REPORT = """\
dsl: "1"
name: report
version: "3"
input: {type: object, properties: {day: {type: string}, pages: {type: integer, default: 2}}}
timeouts: {run: 1h}
retry: {maximum_attempts: 2}
signals: {go: {}}
steps: [{id: go, wait_for: {signal: go}}]
output: ${ input }
"""

Command = Callable[..., str]


@pytest.fixture
def succeed(server: DevServer, tmp_path: Path) -> Command:
    """Make a function that runs a command, which must succeed, and returns its standard output."""
    (tmp_path / "report.yaml").write_text(REPORT)
    (tmp_path / "pyproject.toml").write_text("[tool.stepfile]\nactivities = []\n")

    def run(*words: str) -> str:
        ended = stepfile(*words, cwd=tmp_path, env={"TEMPORAL_ADDRESS": server.address})
        assert ended.returncode == ExitCode.SUCCESS, ended.stderr
        return ended.stdout

    return run


@pytest.fixture
def fail(server: DevServer, tmp_path: Path, succeed: Command) -> Command:
    """Make a function that runs a command, which must fail, and returns its standard error."""

    def run(*words: str) -> str:
        ended = stepfile(*words, cwd=tmp_path, env={"TEMPORAL_ADDRESS": server.address})
        assert (ended.returncode, ended.stdout) == (ExitCode.FAILED, "")
        assert "Traceback" not in ended.stderr
        return ended.stderr

    return run


@pytest.mark.slow
async def test_the_life_of_a_schedule(
    client: Client, succeed: Command, fail: Command, task_queue: str, tmp_path: Path
) -> None:
    when = ("--cron", "0 9 * * 1-5", "--time-zone", "Europe/Oslo", "--every", "182d")
    create = ("schedule", "create", "report.yaml", *when, "--id", task_queue, "--task-queue", task_queue)
    options = ("--input", "day=monday", "--note", "for Ann", "--paused", "--overlap", "buffer-one")
    assert succeed(*create, *options) == f"{task_queue}\n"
    (tmp_path / "report.yaml").write_text("another: one\n")

    shown = succeed("schedule", "show", task_queue)
    assert f"{task_queue} paused" in shown
    assert "not shown" not in shown
    assert "definition  report 3 (" in shown
    assert (
        f"when        0 9 * * 1-5, every 182d (Europe/Oslo), overlap buffer-one, task queue {task_queue}"
        in shown
    )
    assert "note        for Ann" in shown
    assert "started     0 runs" in shown

    succeed("schedule", "trigger", task_queue)
    await until(lambda: "started     1 run\n" in succeed("schedule", "show", task_queue), "a run was started")
    record = json.loads(succeed("schedule", "show", task_queue, "--json"))
    assert record["undecodable"] is None
    assert record["running"] == [record["recent"][0]["workflow_id"]]
    (workflow_id,) = record["running"]
    assert workflow_id.startswith(f"{task_queue}-2")
    succeed("signal", workflow_id, "go")
    handle = client.get_workflow_handle(workflow_id)
    started = (await events_of(handle))[0].workflow_execution_started_event_attributes
    assert started.workflow_run_timeout.ToSeconds() == 3600
    assert started.retry_policy.maximum_attempts == 2
    assert await (await handle.describe()).memo() == record["definition"]
    with run_in_background(
        "worker", "--task-queue", task_queue, cwd=tmp_path, env=make_environment(client)
    ) as worker:
        worker.wait_for_output("worker on task queue")
        assert await handle.result() == {"day": "monday", "pages": 2}
        assert (await query_status(handle))["definition"]["name"] == "report"

    succeed("schedule", "unpause", task_queue)
    record = json.loads(succeed("schedule", "show", task_queue, "--json"))
    assert (record["paused"], record["note"]) == (False, "for Ann")
    succeed("schedule", "pause", task_queue, "--note", "holidays")
    assert "note        holidays" in succeed("schedule", "show", task_queue)

    await until(lambda: task_queue in succeed("schedule", "list"), "it is listed")
    listed = [each for each in json.loads(succeed("schedule", "list", "--json")) if each["id"] == task_queue]
    assert listed[0]["timing"] == ["0 9 * * 1-5", "every 182d"]
    succeed("schedule", "delete", task_queue)
    assert f'there is no schedule with the id "{task_queue}"' in fail("schedule", "show", task_queue)


CRON_HINT = (
    "hint: write `MIN HOUR DAY MONTH WEEKDAY`, such as `0 9 * * 1-5`, "
    "or @hourly, @daily, @weekly, `@every 30m`"
)
ZONE_HINT = "time zones have the names of the IANA database, such as Europe/Oslo or UTC"


def test_times_that_the_server_does_not_understand(fail: Command, task_queue: str) -> None:
    create = ("schedule", "create", "report.yaml", "--id", task_queue)
    assert fail(*create, "--cron", "often").splitlines() == [
        'stepfile: Temporal does not understand the cron expression "often": CronString does not have 5-7 fields',
        CRON_HINT,
    ]
    assert fail(*create, "--cron", "@daily", "--cron", "61 * * * *").splitlines() == [
        'stepfile: Temporal does not understand one of the cron expressions "@daily", "61 * * * *": '
        "Minute is not in range [0-59]",
        CRON_HINT,
    ]
    submit = ("submit", "report.yaml", "--id", task_queue)
    assert fail(*submit, "--cron", "every day").splitlines() == [
        'stepfile: Temporal does not understand the cron expression "every day"',
        CRON_HINT,
    ]
    assert fail(*submit, "--cron", "0 0 31 2 *").splitlines() == [
        'stepfile: Temporal does not understand the cron expression "0 0 31 2 *": '
        "no time can be found to satisfy the schedule",
        CRON_HINT,
    ]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Europe/Olso", "Europe/Oslo"),
        ("oslo", "Europe/Oslo"),
        ("europe/berlin", "Europe/Berlin"),
        ("Mars/Base", ""),
    ],
)
def test_a_time_zone_that_there_is_not(fail: Command, task_queue: str, name: str, meant: str) -> None:
    create = ("schedule", "create", "report.yaml", "--id", task_queue)
    suggestion = f'did you mean "{meant}"? ' if meant else ""
    for when in (("--cron", "@daily"), ("--every", "1h")):
        assert fail(*create, *when, "--time-zone", name).splitlines() == [
            f'stepfile: Temporal knows no time zone "{name}"',
            f"hint: {suggestion}{ZONE_HINT}",
        ]


def test_a_cron_expression_that_is_empty(succeed: Command, tmp_path: Path) -> None:
    ended = stepfile("submit", "report.yaml", "--cron", "", cwd=tmp_path)
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (2, "Error: the cron expression is empty")


@pytest.mark.slow
def test_a_schedule_that_is_refused(fail: Command, succeed: Command, task_queue: str) -> None:
    create = ("schedule", "create", "report.yaml", "--id", task_queue)
    assert "the input does not fit the definition" in fail(*create, "--every", "1h", "--input", "day=1")
    succeed(*create, "--every", "1h", "--paused")
    assert f'there is a schedule with the id "{task_queue}" already' in fail(*create, "--every", "1h")
    succeed("schedule", "delete", task_queue)
    for verb in ("show", "pause", "unpause", "trigger", "delete"):
        assert f'there is no schedule with the id "{task_queue}"' in fail("schedule", verb, task_queue)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the id of a schedule is empty"),
        ("\udcff", r""""\udcff" can't be the id of a schedule: it is not UTF-8"""),
    ],
    ids=["empty", "no UTF-8"],
)
def test_an_id_that_no_schedule_can_have(fail: Command, text: str, said: str) -> None:
    assert said in fail("schedule", "create", "report.yaml", "--every", "1h", "--paused", "--id", text)
    assert said in fail("schedule", "show", text)


async def test_a_schedule_of_another_workflow_is_refused(
    client: Client, fail: Command, task_queue: str
) -> None:
    action = ScheduleActionStartWorkflow("not-ours", id=task_queue, task_queue=task_queue)
    handle = await client.create_schedule(task_queue, Schedule(action=action, spec=ScheduleSpec()))
    assert f'"{task_queue}" is not a schedule of Stepfile' in fail("schedule", "delete", task_queue)
    await handle.delete()


def make_environment(client: Client) -> Mapping[str, str]:
    """Return the environment that names the server of a client."""
    return {"TEMPORAL_ADDRESS": client.service_client.config.target_host}
