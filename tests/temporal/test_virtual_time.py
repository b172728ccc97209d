"""Messages and timers over days, on Temporal's server with virtual time: exact to the second."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from interpreter.temporal.client import start as starting
from interpreter.temporal.wire.request import StartRequest
from stepfile import create_worker, prepare, read_text, start

HEAD = """\
dsl: "1"
name: messages
defaults: {timeouts: {start_to_close: 10s}}
signals: {go: {}}
"""

HOUR, DAY = 3600, 86400
AGES = 4000 * DAY

Sent = list[tuple[int, Any]]
"""Seconds since the start, and the payload of a signal `go`."""


async def _ended(env: WorkflowEnvironment, text: str, sent: Sent = []) -> tuple[Any, int]:  # noqa: B006
    """The result of a run, and how many seconds it took, over all its runs."""
    async with create_worker(env.client, [], task_queue="queue"):
        began = (await env.get_current_time()).timestamp()
        submission = prepare(read_text(HEAD + text))
        await start(env.client, submission, workflow_id="run", task_queue="queue")
        handle: WorkflowHandle[Any, Any] = env.client.get_workflow_handle("run")
        passed = 0
        for at, payload in sent:
            if at > passed:
                await env.sleep(at - passed)
                passed = at
            await handle.signal("go", payload)
        await env.sleep(AGES)  # this server answers nobody who waits for a result meanwhile
        result = await asyncio.wait_for(handle.result(), 10)
        described = await handle.describe()
    assert described.close_time is not None
    return result, round(described.close_time.timestamp() - began)


@pytest.fixture
def _at_every_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "StartRequest", partial(StartRequest, continue_as_new_after=1))


NEVER = """
steps:
  - {id: heard, wait_for: {signal: go, timeout: 24h}, catch: [{errors: [Timeout.WaitFor], result: "'nobody'"}]}
output: ${ steps.heard.result }
"""


async def test_a_message_that_never_comes(time_skipping: WorkflowEnvironment) -> None:
    assert await _ended(time_skipping, NEVER) == ("nobody", DAY)


async def test_a_message_that_comes_in_time(time_skipping: WorkflowEnvironment) -> None:
    assert await _ended(time_skipping, NEVER, [(5 * HOUR, "hello")]) == ("hello", 5 * HOUR)


BEFORE = """
steps:
  - wait: 10m
  - {id: heard, wait_for: {signal: go, timeout: 1h}}
output: ${ steps.heard.result }
"""


async def test_a_message_that_comes_before_the_step(time_skipping: WorkflowEnvironment) -> None:
    assert await _ended(time_skipping, BEFORE, [(0, "early")]) == ("early", 600)


TWICE = """
steps:
  - {id: first, wait_for: {signal: go}}
  - wait: 1h
  - {id: second, wait_for: {signal: go, timeout: 1h}}
  - {id: third, wait_for: {signal: go, timeout: 30m}, catch: [{result: "'nobody'"}]}
output: ["${ steps.first.result }", "${ steps.second.result }", "${ steps.third.result }"]
"""


async def test_a_message_that_comes_twice(time_skipping: WorkflowEnvironment) -> None:
    """Both are kept, in order; a third step waits for a third one."""
    sent: Sent = [(60, "one"), (60, "two")]
    assert await _ended(time_skipping, TWICE, sent) == (["one", "two", "nobody"], 60 + HOUR + HOUR // 2)


AROUND = """
vars: {heard: []}
steps:
  - repeat: {maximum_iterations: 4}
    steps:
      - {id: message, wait_for: {signal: go}}
      - {set: {heard: "${ vars.heard + [steps.message.result] }"}}
output: ${ vars.heard }
"""


@pytest.mark.usefixtures("_at_every_checkpoint")
async def test_messages_around_a_continue_as_new(time_skipping: WorkflowEnvironment) -> None:
    """Each iteration is a run: two come together, the second of which finds the run that ends or the next."""
    sent: Sent = [(60, 1), (60, 2), (HOUR, 3), (HOUR, 4)]
    result, took = await _ended(time_skipping, AROUND, sent)
    assert result == [1, 2, 3, 4]
    assert took - HOUR in (0, 1)  # a server takes a second between two runs that follow too fast


OVER = """
steps:
  - id: both
    parallel:
      listening:
        - {id: heard, wait_for: {signal: go, timeout: 3h}, catch: [{result: "'nobody'"}]}
      working:
        - repeat: {maximum_iterations: 4, every: 1h}
          steps: [{set: {n: "${ vars.n + 1 }"}}]
output: ["${ steps.heard.result }", "${ vars.n }"]
"""


@pytest.mark.usefixtures("_at_every_checkpoint")
async def test_a_timeout_counts_over_all_runs(time_skipping: WorkflowEnvironment) -> None:
    assert await _ended(time_skipping, "vars: {n: 0}" + OVER) == (["nobody", 4], 3 * HOUR)


DEADLINE = """
steps:
  - id: work
    timeouts: {deadline: 90m}
    repeat: {maximum_iterations: 100, every: 20m}
    steps: [{set: {n: "${ vars.n + 1 }"}}]
    catch: [{errors: [DeadlineExceeded], result: vars.n}]
output: ${ steps.work.result }
"""


@pytest.mark.usefixtures("_at_every_checkpoint")
async def test_a_deadline_counts_over_all_runs(time_skipping: WorkflowEnvironment) -> None:
    assert await _ended(time_skipping, "vars: {n: 0}" + DEADLINE) == (5, 90 * 60)


UNTIL = """
steps: [{wait_until: "2030-01-01T00:00:00Z"}]
output: ${ run.now }
"""


async def test_a_point_in_time(time_skipping: WorkflowEnvironment) -> None:
    result, _ = await _ended(time_skipping, UNTIL)
    assert result.startswith("2030-01-01T00:00:0")
