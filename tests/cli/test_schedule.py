"""`schedule`: runs that Temporal starts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from temporalio.client import Client, Schedule, ScheduleActionStartWorkflow, ScheduleSpec

from interpreter.cli.process.exit import Exit
from interpreter.temporal.dev_server.server import DevServer
from stepfile import query_status
from tests.cli.conversation import talking
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

Said = Callable[..., str]


@pytest.fixture
def said(server: DevServer, tmp_path: Path) -> Said:
    """What a command that is fine writes to standard output."""
    (tmp_path / "report.yaml").write_text(REPORT)
    (tmp_path / "pyproject.toml").write_text("[tool.stepfile]\nactivities = []\n")

    def run(*words: str) -> str:
        ended = stepfile(*words, cwd=tmp_path, env={"TEMPORAL_ADDRESS": server.address})
        assert ended.returncode == Exit.FINE, ended.stderr
        return ended.stdout

    return run


@pytest.fixture
def refused(server: DevServer, tmp_path: Path, said: Said) -> Said:
    """What a command that fails says."""

    def run(*words: str) -> str:
        ended = stepfile(*words, cwd=tmp_path, env={"TEMPORAL_ADDRESS": server.address})
        assert (ended.returncode, ended.stdout) == (Exit.FAILED, "")
        assert "Traceback" not in ended.stderr
        return ended.stderr

    return run


async def test_the_life_of_a_schedule(
    client: Client, said: Said, refused: Said, task_queue: str, tmp_path: Path
) -> None:
    when = ("--cron", "0 9 * * 1-5", "--time-zone", "Europe/Oslo", "--every", "182d")
    create = ("schedule", "create", "report.yaml", *when, "--id", task_queue, "--task-queue", task_queue)
    options = ("--input", "day=monday", "--note", "for Ann", "--paused", "--overlap", "buffer-one")
    assert said(*create, *options) == f"{task_queue}\n"
    (tmp_path / "report.yaml").write_text("another: one\n")

    told = said("schedule", "show", task_queue)
    assert f"{task_queue} paused" in told
    assert "definition  report 3 (" in told
    assert (
        f"when        0 9 * * 1-5, every 182d (Europe/Oslo), overlap buffer-one, task queue {task_queue}"
        in told
    )
    assert "note        for Ann" in told
    assert "started     0 runs" in told

    said("schedule", "trigger", task_queue)
    await until(lambda: "started     1 run\n" in said("schedule", "show", task_queue), "a run was started")
    record = json.loads(said("schedule", "show", task_queue, "--json"))
    assert record["running"] == [record["recent"][0]["workflow_id"]]
    (workflow_id,) = record["running"]
    assert workflow_id.startswith(f"{task_queue}-2")
    said("signal", workflow_id, "go")
    handle = client.get_workflow_handle(workflow_id)
    started = (await events_of(handle))[0].workflow_execution_started_event_attributes
    assert started.workflow_run_timeout.ToSeconds() == 3600
    assert started.retry_policy.maximum_attempts == 2
    assert await (await handle.describe()).memo() == record["definition"]
    with talking("worker", "--task-queue", task_queue, cwd=tmp_path, env=env_of(client)) as worker:
        worker.until("worker on task queue")
        assert await handle.result() == {"day": "monday", "pages": 2}
        assert (await query_status(handle))["definition"]["name"] == "report"

    said("schedule", "unpause", task_queue)
    record = json.loads(said("schedule", "show", task_queue, "--json"))
    assert (record["paused"], record["note"]) == (False, "for Ann")
    said("schedule", "pause", task_queue, "--note", "holidays")
    assert "note        holidays" in said("schedule", "show", task_queue)

    await until(lambda: task_queue in said("schedule", "list"), "it is listed")
    listed = [each for each in json.loads(said("schedule", "list", "--json")) if each["id"] == task_queue]
    assert listed[0]["timing"] == ["0 9 * * 1-5", "every 182d"]
    said("schedule", "delete", task_queue)
    assert f'there is no schedule with the id "{task_queue}"' in refused("schedule", "show", task_queue)


def test_what_can_not_be_done(refused: Said, said: Said, task_queue: str) -> None:
    create = ("schedule", "create", "report.yaml", "--id", task_queue)
    assert "CronString does not have 5-7 fields" in refused(*create, "--cron", "often")
    assert "unknown time zone Mars/Base" in refused(*create, "--cron", "@daily", "--time-zone", "Mars/Base")
    assert "the input does not fit the definition" in refused(*create, "--every", "1h", "--input", "day=1")
    said(*create, "--every", "1h", "--paused")
    assert f'there is a schedule with the id "{task_queue}" already' in refused(*create, "--every", "1h")
    said("schedule", "delete", task_queue)
    for verb in ("show", "pause", "unpause", "trigger", "delete"):
        assert f'there is no schedule with the id "{task_queue}"' in refused("schedule", verb, task_queue)


async def test_schedules_of_others_are_left_alone(client: Client, refused: Said, task_queue: str) -> None:
    action = ScheduleActionStartWorkflow("not-ours", id=task_queue, task_queue=task_queue)
    handle = await client.create_schedule(task_queue, Schedule(action=action, spec=ScheduleSpec()))
    assert f'"{task_queue}" is no schedule of Stepfile' in refused("schedule", "delete", task_queue)
    await handle.delete()


def env_of(client: Client) -> Mapping[str, str]:
    return {"TEMPORAL_ADDRESS": client.service_client.config.target_host}
