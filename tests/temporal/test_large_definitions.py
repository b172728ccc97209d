"""A definition of 600 KB does not block its run, and not those beside it.

A slow machine needs more than the ten seconds to compile it that the server gives a workflow task. Then the server
repeats the task, and the run continues as soon as the definition is compiled. After that nothing is given up.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import dropwhile
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.worker.interceptor import StepfileInterceptor
from interpreter.temporal.workflow import admission
from interpreter.temporal.workflow.workflow import StepfileWorkflow
from stepfile import create_worker, prepare, read_text, start
from tests.cli.running_command import run_in_background
from tests.support.history import events_of
from tests.support.waiting import until

Run = WorkflowHandle[Any, Any]

_HEAD = """\
dsl: "1"
name: NAME
defaults: {timeouts: {start_to_close: 10s}}
signals: {go: {}}
steps:
  - {id: first, activity: work}
"""
_PAUSE = """\
  - {id: pause, wait_for: {signal: go}}
"""
_STEP = """\
  - id: step_NUMBER
    when: steps.first.result == NUMBER
    activity: work
    args: [{order: "${ steps.first.result }", amount: "${ NUMBER + 1 }"}]
"""
_FAILED = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
_TIMED_OUT = EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT
_COMPLETED = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
_ENDS = (_FAILED, _TIMED_OUT, _COMPLETED)
"""How a workflow task ends."""

_ACTIVITIES = """\
from temporalio import activity

@activity.defn
async def work() -> int:
    return 0
"""


@activity.defn
async def work() -> int:
    return 0


@pytest.mark.timing
async def test_a_large_definition_fails_no_workflow_task(client: Client, task_queue: str) -> None:
    small = read_text(_HEAD.replace("NAME", "small"))
    with _busy_processors():
        async with create_worker(client, [work], task_queue=task_queue):
            run = await _start_large(client, task_queue)
            beside = [
                await start(
                    client, prepare(small, {}), workflow_id=f"{task_queue}-{i}", task_queue=task_queue
                )
                for i in range(20)
            ]
            await asyncio.gather(*(each.result() for each in (run, *beside)))
    assert await _list_given_up_once_compiled(run) == []
    for each in beside:
        assert await _list_given_up(each) == []


@pytest.mark.timing
async def test_it_is_compiled_once(client: Client, task_queue: str) -> None:
    async with create_worker(client, [work], task_queue=task_queue, max_cached_workflows=0):
        run = await _start_large(client, task_queue)
        await run.result()
    assert await _list_given_up_once_compiled(run) == []


@pytest.mark.timing
@pytest.mark.slow
async def test_another_worker_goes_on_with_it(
    client: Client, server: DevServer, task_queue: str, tmp_path: Path
) -> None:
    """The second worker is a process of its own, which has compiled nothing yet, and the processors are busy."""
    async with create_worker(client, [work], task_queue=task_queue):
        run = await _start_large(client, task_queue, before=_PAUSE)
        await until(lambda: _is_waiting(run), "the run waits for its signal")
        before = len(await events_of(run))
    (tmp_path / "activities.py").write_text(_ACTIVITIES, encoding="utf-8")
    worker = ("worker", "--activities", "activities", "--task-queue", task_queue, "--address", server.address)
    with _busy_processors(), run_in_background(*worker, cwd=tmp_path):
        await run.signal("go")
        await run.result()
    assert await _list_given_up_once_compiled(run, after=before) == []


@pytest.mark.timing
@pytest.mark.slow
async def test_many_definitions_at_once(client: Client, task_queue: str) -> None:
    texts = [_write(f"{task_queue}-{i}", 100) for i in range(200)]
    submissions = [prepare(read_text(text), {}) for text in texts]
    runs = [
        await start(client, each, workflow_id=f"{task_queue}-{i}", task_queue=task_queue)
        for i, each in enumerate(submissions)
    ]
    async with create_worker(client, [work], task_queue=task_queue):
        await asyncio.gather(*(each.result() for each in runs))
    for each in runs:
        assert await _list_given_up_once_compiled(each) == []


@pytest.mark.slow
async def test_a_worker_without_the_plugin_repeats_the_workflow_task(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "_PATIENCE", 0.0)
    worker = Worker(
        client,
        task_queue=task_queue,
        workflows=[StepfileWorkflow],
        activities=[work],
        interceptors=[StepfileInterceptor()],
    )
    async with worker:
        run = await _start_large(client, task_queue)
        await run.result()
    given_up = await _list_given_up(run)
    assert given_up
    assert all("this worker is still compiling it" in each for each in given_up)


async def _start_large(client: Client, task_queue: str, before: str = "") -> Run:
    """Start a run of a definition of 5,000 steps, with other steps before them."""
    submission = prepare(read_text(_write(task_queue, 5_000, before)), {})
    return await start(client, submission, workflow_id=task_queue, task_queue=task_queue)


def _write(name: str, steps: int, before: str = "") -> str:
    numbered = (_STEP.replace("NUMBER", str(number)) for number in range(1, steps + 1))
    return _HEAD.replace("NAME", name) + before + "".join(numbered)


async def _is_waiting(run: Run) -> bool:
    """Tell whether all that the worker was asked to do is done."""
    kinds = [event.event_type for event in await events_of(run)]
    waits_once_more = EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED in kinds
    return waits_once_more and kinds[-1] == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED


async def _list_given_up(run: Run) -> list[str]:
    return [_describe(each) for each in await _list_ends(run) if each.event_type != _COMPLETED]


async def _list_given_up_once_compiled(run: Run, *, after: int = 0) -> list[str]:
    """List what was given up after the events that a worker had to compile the definition for, and all that failed.

    Args:
        run: The run.
        after: How many events the history had before this worker took it.
    """
    ends = await _list_ends(run, after)
    rest = dropwhile(lambda event: event.event_type == _TIMED_OUT, ends)
    return [_describe(each) for each in rest if each.event_type != _COMPLETED]


async def _list_ends(run: Run, after: int = 0) -> list[HistoryEvent]:
    return [event for event in (await events_of(run))[after:] if event.event_type in _ENDS]


def _describe(event: HistoryEvent) -> str:
    return event.workflow_task_failed_event_attributes.failure.message or EventType.Name(event.event_type)


@contextmanager
def _busy_processors() -> Iterator[None]:
    """Four processes that never wait."""
    with ExitStack() as stack:
        for _ in range(4):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(process.kill)
        yield
