"""What a Stepfile worker adds to the attempts of an activity: measured on a real server."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from itertools import pairwise
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError

from dsl.reading.reader import read_text
from stepfile import create_worker, prepare, query_status, start
from stepfile.activity import idempotency_key, last_heartbeat
from tests.support.history import events_of, letters
from tests.support.waiting import until

GRAIN = 1.5
"""Seconds by which a timer of the server may be late."""


async def _started(client: Client, task_queue: str, text: str, id: str) -> WorkflowHandle[Any, Any]:
    submission = prepare(read_text(text, "test.yaml"), None)
    return await start(client, submission, workflow_id=id, task_queue=task_queue)


JITTER = """
dsl: "1"
name: jitter
steps:
  - activity: fails_once
    args: ["${ run.workflow_id }"]
    timeouts: {start_to_close: 10s}
    retry: {initial_interval: 3s, maximum_attempts: 2, jitter: full}
"""


async def test_full_jitter_spreads_what_has_failed_together(client: Client, task_queue: str) -> None:
    """F21. Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/"""
    times: defaultdict[str, list[float]] = defaultdict(list)

    @activity.defn
    async def fails_once(run: str) -> None:
        times[run].append(time.monotonic())
        if len(times[run]) == 1:
            raise ApplicationError("all at once")

    async with create_worker(client, [fails_once], task_queue=task_queue):
        runs = [await _started(client, task_queue, JITTER, f"{task_queue}-{n}") for n in range(12)]
        await asyncio.gather(*(run.result() for run in runs))
    gaps = [second - first for first, second in times.values()]
    assert len(gaps) == 12
    assert max(gaps) - min(gaps) > 0.3
    assert all(gap <= 3 + GRAIN for gap in gaps)
    assert min(gaps) < 2.5, "without jitter all of them wait three seconds"


DELAYS = """
dsl: "1"
name: delays
steps:
  - activity: fails
    timeouts: {start_to_close: 10s}
    retry:
      initial_interval: 1s
      maximum_attempts: 2
      by_error: {Busy: {delay: 3s, maximum_attempts: 3}}
"""


async def test_a_clause_is_followed_by_the_server_and_leaves_no_events(
    client: Client, task_queue: str
) -> None:
    times: list[float] = []

    @activity.defn
    async def fails() -> None:
        times.append(time.monotonic())
        raise ApplicationError("later", type="Busy")

    async with create_worker(client, [fails], task_queue=task_queue):
        run = await _started(client, task_queue, DELAYS, task_queue)
        with pytest.raises(WorkflowFailureError):
            await run.result()
    gaps = [after - before for before, after in pairwise(times)]
    assert [3 <= gap <= 3 + GRAIN for gap in gaps] == [True, True]
    assert letters(await events_of(run)) == "S St(3) F failed"


LATE = """
dsl: "1"
name: late
steps:
  - id: charge
    activity: charge
    args: ["${ step.key }"]
    timeouts: {start_to_close: 3s}
    retry: {maximum_attempts: 1}
    compensate: {activity: refund, args: ["${ step.key }"], timeouts: {start_to_close: 5s}}
"""


@pytest.mark.slow
async def test_an_attempt_does_not_do_its_work_after_it_was_undone(client: Client, task_queue: str) -> None:
    """S04: it would have committed three seconds after `start_to_close`."""
    ledger: list[tuple[str, str]] = []
    stopped = asyncio.Event()

    @activity.defn
    async def charge(key: str) -> None:
        assert idempotency_key() == key
        try:
            await asyncio.sleep(6)
        except asyncio.CancelledError:
            stopped.set()
            raise
        ledger.append(("charge", key))

    @activity.defn
    async def refund(key: str) -> None:
        assert stopped.is_set()
        assert idempotency_key() == key
        ledger.append(("refund", key))

    async with create_worker(client, [charge, refund], task_queue=task_queue):
        began = time.monotonic()
        run = await _started(client, task_queue, LATE, task_queue)
        with pytest.raises(WorkflowFailureError) as failed:
            await run.result()
        assert isinstance(failed.value.cause, ApplicationError)
        assert failed.value.cause.type == "Timeout.StartToClose"
        await until(lambda: time.monotonic() > began + 7, "the charge would have been made")
    assert ledger == [("refund", f"{task_queue}/charge")]
    assert letters(await events_of(run)) == "S St T S St C failed"


async def test_what_an_attempt_returns_when_it_is_stopped_counts(client: Client, task_queue: str) -> None:
    @activity.defn
    async def charge(key: str) -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "as far as I got"
        return "all"

    async with create_worker(client, [charge], task_queue=task_queue):
        run = await _started(client, task_queue, LATE, task_queue)
        assert await run.result() == "as far as I got"


async def test_a_timeout_error_of_the_activity_itself_is_no_timeout(client: Client, task_queue: str) -> None:
    @activity.defn
    async def charge(key: str) -> None:
        async with asyncio.timeout(0.1):
            await asyncio.sleep(60)

    async with create_worker(client, [charge], task_queue=task_queue):
        run = await _started(client, task_queue, LATE, task_queue)
        with pytest.raises(WorkflowFailureError) as failed:
            await run.result()
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "TimeoutError"
    assert letters(await events_of(run)) == "S St F failed"


RESUME = """
dsl: "1"
name: resume
steps:
  - id: import
    activity: import_pages
    timeouts: {start_to_close: 20s, heartbeat: 2s}
    retry: {initial_interval: 1s, maximum_attempts: 3}
"""


async def test_an_activity_goes_on_where_its_last_heartbeat_was(client: Client, task_queue: str) -> None:
    """Chapter 7.3.2. A failing attempt sends its newest details; both kinds of activity read them."""
    begins: list[int] = []

    @activity.defn
    def import_pages() -> int:
        assert idempotency_key() == f"{task_queue}/import"
        begins.append(last_heartbeat(0))
        for page in range(last_heartbeat(0), 10):
            activity.heartbeat(page + 1)
            if page in (3, 6):
                raise ApplicationError("lost")
        return 10

    async with create_worker(client, [import_pages], task_queue=task_queue):
        run = await _started(client, task_queue, RESUME, task_queue)
        assert await run.result() == 10
        told = await query_status(run)
    assert begins == [0, 4, 7]
    assert told["steps"][0]["attempts"] == 3


SILENT = """
dsl: "1"
name: silent
steps:
  - id: silent
    activity: falls_silent
    timeouts: {start_to_close: 20s, heartbeat: 1s}
    retry: {initial_interval: 1s, maximum_attempts: 3}
"""


@pytest.mark.slow
async def test_the_next_attempt_of_one_that_fell_silent_sees_what_was_sent(
    client: Client, task_queue: str
) -> None:
    """F14."""
    seen: list[int] = []

    @activity.defn
    async def falls_silent() -> None:
        seen.append(last_heartbeat(0))
        activity.heartbeat(seen[-1] + 10)
        await asyncio.sleep(60)

    async with create_worker(client, [falls_silent], task_queue=task_queue):
        run = await _started(client, task_queue, SILENT, task_queue)
        with pytest.raises(WorkflowFailureError) as failed:
            await run.result()
    assert isinstance(failed.value.cause, ApplicationError)
    error = failed.value.cause.details[0]["error"]
    assert (error["type"], error["timeout_type"], error["details"]) == ("Timeout.Heartbeat", "Heartbeat", 30)
    assert seen == [0, 10, 20]
    assert letters(await events_of(run)) == "S St(3) T failed"


async def test_outside_of_an_activity_there_is_no_key() -> None:
    with pytest.raises(RuntimeError, match="Not in activity context"):
        idempotency_key()
    with pytest.raises(RuntimeError, match="Not in activity context"):
        last_heartbeat(0)
