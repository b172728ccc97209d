"""A failed attempt is one line, and whatever is logged inside an attempt says which one it is."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from interpreter.temporal.observing.failed_attempts import will_be_retried
from interpreter.temporal.observing.formats import JsonFormatter
from stepfile import StepfilePlugin, create_worker, prepare, read_text, start

SHOP = logging.getLogger("shop")

DEFINITION = """
dsl: "1"
name: logging
version: "2"
defaults: {timeouts: {start_to_close: 10s}, retry: {initial_interval: 100ms, maximum_attempts: 2}}
steps:
  - {id: threaded, activity: threaded}
  - {id: near, activity: asynchronous, local: true}
  - {id: all, for_each: [0], steps: [{id: fails, activity: fails, catch: [{result: null}]}]}
"""


@activity.defn
def threaded() -> None:
    activity.logger.info("by temporalio")
    SHOP.info("by Python", extra={"order": 7})


@activity.defn
async def asynchronous() -> None:
    SHOP.info("near")
    await asyncio.to_thread(SHOP.info, "in a thread of its own")


@activity.defn
async def fails() -> None:
    raise ApplicationError("two\nlines", type="Bad")


@workflow.defn
class Foreign:
    @workflow.run
    async def run(self) -> None:
        policy = RetryPolicy(maximum_attempts=1)
        await workflow.execute_activity(
            "fails", start_to_close_timeout=timedelta(seconds=5), retry_policy=policy
        )


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """The log of this process from the level info on."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    monkeypatch.setattr(root, "level", logging.INFO)
    monkeypatch.setattr(activity.logger, "activity_info_on_message", False)
    root.manager._clear_cache()  # type: ignore[attr-defined]
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)
    root.manager._clear_cache()  # type: ignore[attr-defined]


async def test_each_line_says_which_attempt_it_is_about(
    client: Client, task_queue: str, log: StringIO
) -> None:
    async with create_worker(client, [threaded, asynchronous, fails], task_queue=task_queue):
        run = await start(
            client, prepare(read_text(DEFINITION)), workflow_id=task_queue, task_queue=task_queue
        )
        await run.result()
    lines = [each for each in _read(log) if each["workflow_id"] == task_queue]
    assert {each["definition"] for each in lines} == {"logging"}
    assert {each["version"] for each in lines} == {"2"}
    assert {each["run_id"] for each in lines} == {run.result_run_id}
    told = [(each["level"], each["step"], each["attempt"], each["message"]) for each in lines]
    assert told[:-1] == [
        ("info", None, 1, "run started"),
        ("info", "threaded", 1, "by temporalio"),
        ("info", "threaded", 1, "by Python"),
        ("info", "near", 1, "near"),
        ("info", "near", 1, "in a thread of its own"),
        (
            *("warning", "all[0]/fails", 1),
            "attempt 1 of all[0]/fails failed, and there will be another one: Bad: two\\nlines",
        ),
        (
            *("warning", "all[0]/fails", 2),
            "attempt 2 of all[0]/fails failed, and the server makes no other one: Bad: two\\nlines",
        ),
        (
            *("info", "all[0]/fails", 2),
            "step all[0]/fails failed after 2 attempts, and its error was caught: Bad: two\\nlines",
        ),
    ]
    assert told[-1][3].startswith("run completed after ")
    assert not any("exception" in each for each in lines), "no tracebacks at this level"
    assert lines[2]["order"] == 7


async def test_activities_of_other_workflows_are_logged_as_ever(
    client: Client, task_queue: str, log: StringIO
) -> None:
    worker = Worker(
        client,
        task_queue=task_queue,
        workflows=[Foreign],
        activities=[fails],
        plugins=[StepfilePlugin()],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with worker:
        run = await client.start_workflow(Foreign.run, id=task_queue, task_queue=task_queue)
        with suppress(WorkflowFailureError):
            await run.result()
    [line] = [each for each in _read(log) if each["message"] == "Completing activity as failed"]
    assert line["exception"].startswith("Traceback")
    assert (line["definition"], line["workflow_id"], line["step"]) == (None, task_queue, "1")


POLICY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3)


@pytest.mark.parametrize(
    ("error", "changes", "expected"),
    [
        (ValueError("x"), {"attempt": 2}, True),
        (ValueError("x"), {"attempt": 3}, False),
        (ApplicationError("x", non_retryable=True), {}, False),
        (
            ApplicationError("x", type="Bad"),
            {"retry_policy": replace(POLICY, non_retryable_error_types=["Bad"])},
            False,
        ),
        (
            ApplicationError("x", type="Good"),
            {"retry_policy": replace(POLICY, non_retryable_error_types=["Bad"])},
            True,
        ),
        (ValueError("x"), {"retry_policy": replace(POLICY, maximum_attempts=0), "attempt": 10_000}, True),
        (ValueError("x"), {"schedule_to_close_timeout": timedelta(hours=1)}, True),
        (ValueError("x"), {"schedule_to_close_timeout": timedelta(seconds=0.5)}, False),
        (
            ApplicationError("x", next_retry_delay=timedelta(hours=2)),
            {"schedule_to_close_timeout": timedelta(hours=1)},
            False,
        ),
        (ValueError("x"), {"retry_policy": None}, None),
    ],
)
def test_whether_there_will_be_another_attempt(
    error: Exception, changes: dict[str, Any], expected: bool | None
) -> None:
    now: dict[str, Any] = {"attempt": 1, "scheduled_time": datetime.now(UTC), "retry_policy": POLICY}
    default = replace(ActivityEnvironment.default_info(), schedule_to_close_timeout=None, **now)
    info = replace(default, **changes)
    assert will_be_retried(error, info) is expected


def _read(log: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]
