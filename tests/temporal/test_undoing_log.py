"""The log of a worker tells what was undone and what was not, once: a replay tells nothing again."""

from __future__ import annotations

import logging
import re

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer

from interpreter.temporal.client.run_handle import RunHandle
from stepfile import StepfilePlugin, create_worker, prepare, read_text, start

SAGA = """\
dsl: "1"
name: saga
defaults: {timeouts: {start_to_close: 10s}}
saga: {continue_on_error: false}
steps:
  - {id: car, activity: book, compensate: {activity: unbook, args: [car]}}
  - {id: hotel, activity: book, compensate: {activity: unbook, args: [hotel], retry: {maximum_attempts: 1}}}
  - {id: flight, activity: book, compensate: {activity: unbook, args: [flight]}}
  - raise: {type: NoSeat}
"""

LINES = [
    ("INFO", "run started"),
    ("INFO", "undoing begins: 3 to undo"),
    ("INFO", "undoing flight"),
    ("INFO", "undone: flight"),
    ("INFO", "undoing hotel"),
    ("ERROR", "NOT undone: hotel: NoAnswer: the hotel is closed"),
    ("ERROR", "NOT undone: car: one before it was not undone"),
    ("ERROR", "undoing has ended: 1 undone, 2 NOT undone"),
    ("WARNING", "run failed after …: NoSeat: NoSeat"),
]


@activity.defn
async def book() -> None: ...


@activity.defn
async def unbook(what: str) -> None:
    if what == "hotel":
        raise ApplicationError("the hotel is closed", type="NoAnswer")


async def test_what_was_undone_is_logged_once(
    client: Client, task_queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with create_worker(client, [book, unbook], task_queue=task_queue):
        run = await start(client, prepare(read_text(SAGA)), workflow_id=task_queue, task_queue=task_queue)
        with pytest.raises(WorkflowFailureError):
            await run.result()
    assert _read_lines(caplog) == LINES
    await Replayer(workflows=[], plugins=[StepfilePlugin()]).replay_workflow(await run.fetch_history())
    assert _read_lines(caplog) == LINES


async def test_a_broken_log_changes_nothing(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(record: logging.LogRecord) -> bool:
        raise OSError("the disk is full")

    logger = logging.getLogger("stepfile.run")
    monkeypatch.setattr(logger, "filters", [break_down])
    monkeypatch.setattr(logger, "level", logging.INFO)
    async with create_worker(client, [book, unbook], task_queue=task_queue):
        run = await RunHandle.start(
            client, prepare(read_text(SAGA)), workflow_id=task_queue, task_queue=task_queue
        )
        ending = await run.wait_for_ending()
    assert ending.error is not None
    assert ending.report is not None
    assert ending.error["type"] == "NoSeat"
    assert [each["status"] for each in ending.report["compensations"]] == ["completed", "failed", "skipped"]


def _read_lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """The level and the text of each record about the run, without durations."""
    records = [each for each in caplog.records if each.name == "stepfile.run"]
    return [(each.levelname, re.sub(r"\d+\.\d+ s", "…", each.getMessage())) for each in records]
