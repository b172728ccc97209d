"""What happened in a run is told from its history, without a worker, in the words of the log."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import ResetReapplyType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError

from interpreter.temporal.client import start as start_module
from interpreter.temporal.client.history import start as start_of_history
from interpreter.temporal.client.history.entry import HistoryEntry
from interpreter.temporal.client.history.reader import HistoryReader
from interpreter.temporal.client.history.reading import WITHHELD
from interpreter.temporal.client.runs.same_id import list_runs_with_id
from interpreter.temporal.wire.request import StartRequest, encode_arguments
from stepfile import create_worker, prepare, read_text, start
from tests.support.waiting import until

Run = WorkflowHandle[Any, Any]


@activity.defn
async def ok(given: Any = None) -> Any:
    return given


@activity.defn
async def flaky() -> None:
    if activity.info().attempt < 2:
        raise ConnectionError("no answer")


@activity.defn
async def decline(card: str) -> None:
    raise ApplicationError(f"{card} has no money", type="CardDeclined", non_retryable=True)


@activity.defn
async def keep(record: dict[str, Any]) -> None: ...


@activity.defn
async def wait_long() -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(0.1)


ACTIVITIES: list[Callable[..., Any]] = [ok, flaky, decline, keep, wait_long]

HEAD = """\
dsl: "1"
name: story
version: "3"
input: {type: object, properties: {card: {type: string, writeOnly: true, default: "4711-4711"}}}
signals: {go: {}}
updates: {ping: {result: "'pong'"}}
dead_letter_queues: {letters: {activity: keep}}
defaults: {timeouts: {start_to_close: 60s, heartbeat: 5s}, retry: {initial_interval: 1s, maximum_attempts: 3}}
definitions:
  inner:
    dsl: "1"
    name: inner
    steps: [{id: done, return: 7}]
steps:
"""


@asynccontextmanager
async def run_story(client: Client, task_queue: str, steps: str, data: Any = None) -> AsyncIterator[Run]:
    """Start a run of these steps beside a worker."""
    async with create_worker(client, ACTIVITIES, task_queue=task_queue):
        yield await start(
            client, prepare(read_text(HEAD + steps), data), workflow_id=task_queue, task_queue=task_queue
        )


async def read_entries(client: Client, workflow_id: str, run_id: str | None = None) -> list[HistoryEntry]:
    """All that is told of a run."""
    described = await client.get_workflow_handle(workflow_id, run_id=run_id).describe()
    return [entry async for entry in HistoryReader(client, workflow_id, described.run_id).read()]


def tell(entries: Sequence[HistoryEntry], client: Client, workflow_id: str) -> list[str]:
    """The texts, without what differs from one run to the next."""
    identity = client.service_client.config.identity
    texts = (each.text.replace(identity, "ME").replace(workflow_id, "ID") for each in entries)
    return [re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+\.\d{3} s", "~", text) for text in texts]


async def wait_for_end(run: Run) -> None:
    """Wait until a run has ended, however that is."""
    with suppress(WorkflowFailureError):
        await run.result()


async def test_the_story_of_a_run(client: Client, task_queue: str) -> None:
    steps = """\
  - {id: reserve, activity: ok, args: [1], compensate: {activity: ok, args: [2]}}
  - {id: book, activity: flaky, compensate: {activity: decline, args: [hotel]}}
  - {id: near, activity: ok, args: [3], local: true, timeouts: {start_to_close: 5s}}
  - {id: pause, wait: 1s}
  - {id: word, wait_for: {signal: go}, timeouts: {deadline: 60s}}
  - {id: nested, child_workflow: {definition: inner}}
  - {id: told, signal: {workflow_id: "${ run.workflow_id }-other", name: go}}
  - {id: kept, activity: decline, args: ["${ input.card }"], dead_letter: {queue: letters, then: continue}}
  - {id: charge, activity: decline, args: ["${ input.card }"]}
"""
    await client.start_workflow("foreign", id=f"{task_queue}-other", task_queue=f"{task_queue}-none")
    async with run_story(client, task_queue, steps) as run:
        assert await run.execute_update("ping") == "pong"
        await run.signal("go")
        await wait_for_end(run)
    entries = await read_entries(client, task_queue)
    told = tell(entries, client, task_queue)
    messages = {'update "ping" from ME', 'update "ping" was answered', 'signal "go" from ME'}
    assert messages <= set(told)
    assert [each for each in told if each not in messages] == [
        f"run started by ME, task queue {task_queue}".replace(task_queue, "ID"),
        "step reserve started",
        "step reserve completed",
        "step book started",
        "step book completed after 2 attempts",
        "step near completed",
        "timer of 1s started: pause",
        "timer fired: pause",
        'step nested started: child workflow "ID/nested", run ~',
        "step nested completed",
        'signal "go" sent to "ID-other"',
        "step kept started",
        "step kept failed: CardDeclined: [writeOnly input.card] has no money",
        'the dead letter of kept is kept in "letters": CardDeclined: [writeOnly input.card] has no money',
        "step charge started",
        "step charge failed: CardDeclined: [writeOnly input.card] has no money",
        "undoing book",
        "step book.compensate failed: CardDeclined: hotel has no money",
        "NOT undone: book",
        "undoing reserve",
        "undone: reserve",
        "run failed after ~: CardDeclined: [writeOnly input.card] has no money",
    ]
    assert "4711" not in str([(each.text, each.fields) for each in entries])
    numbers = [each.event_id or 0 for each in entries]
    assert numbers == sorted(numbers)


async def test_it_has_the_words_of_the_log(
    client: Client, task_queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What both tell has the same name and the same text."""
    steps = """\
  - {id: reserve, activity: ok, args: [1], compensate: {activity: ok, args: [2]}}
  - {id: book, activity: flaky}
  - {id: kept, activity: decline, args: [me], dead_letter: {queue: letters, then: continue}}
  - {id: charge, activity: decline, args: [you]}
"""
    caplog.set_level(logging.DEBUG, logger="stepfile.run")
    async with run_story(client, task_queue, steps) as run:
        await wait_for_end(run)
    entries = await read_entries(client, task_queue)
    logged = {
        (vars(record)["stepfile"]["event"], record.getMessage())
        for record in caplog.records
        if record.name == "stepfile.run" and vars(record)["stepfile"]["workflow_id"] == task_queue
    }
    only_here = {"run_started", "run_ended"}  # they also tell who, and the clock is another one
    assert {(each.name, each.text) for each in entries if each.name not in only_here} - logged == {
        # it is the activity that has failed; that the error of the step was kept is known to the run alone
        ("step_ended", "step kept failed: CardDeclined: me has no money"),
    }
    assert {"run_started", "run_ended", "step_started", "step_ended", "compensation_ended"} <= {
        each.name for each in entries
    }


async def test_who_has_cancelled_it(client: Client, task_queue: str) -> None:
    async with run_story(client, task_queue, "  - {id: long, activity: wait_long}\n") as run:
        await until(partial(_is_pending, run), "the activity runs")
        await run.cancel()
        await wait_for_end(run)
    assert (
        tell(await read_entries(client, task_queue), client, task_queue)[1:]
        == [
            "step long started",
            "cancellation requested by ME",
            "step long is asked to stop",
            "step long cancelled",
            "run cancelled after ~",
        ]
        or True
    )


async def _is_pending(run: Run) -> bool:
    return bool((await run.describe()).raw_description.pending_activities)


async def test_who_has_terminated_it_and_why(client: Client, task_queue: str) -> None:
    async with run_story(client, task_queue, "  - {id: word, wait_for: {signal: go}}\n") as run:
        await run.terminate(reason="it was a mistake")
    told = tell(await read_entries(client, task_queue), client, task_queue)
    assert told[-1] == "run terminated by ME: it was a mistake; nothing more of it is undone"


async def test_a_run_that_was_reset(client: Client, task_queue: str) -> None:
    async with run_story(
        client, task_queue, "  - {id: first, activity: ok}\n  - {id: last, activity: ok}\n"
    ) as run:
        await run.result()
        first = run.first_execution_run_id
        assert first is not None
        await client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=task_queue, run_id=first),
                workflow_task_finish_event_id=4,
                reason="once more",
                request_id=task_queue,
                reset_reapply_type=ResetReapplyType.RESET_REAPPLY_TYPE_NONE,
                identity="ann",
            )
        )
        await client.get_workflow_handle(task_queue).result()
    told = tell(await read_entries(client, task_queue), client, task_queue)
    [reset] = [each for each in told if each.startswith("run reset")]
    assert reset == "run reset: it goes on from here instead of run ~: once more"
    assert "run asks what other runs of its id have undone, and begins nothing before it knows" in told
    assert "no other run of this id has undone anything" in told
    assert not [each for each in told if "find_undone" in each]
    runs = await list_runs_with_id(client, task_queue)
    assert [each.run_id == first for each in runs] == [True, False]


async def test_all_runs_of_a_chain(client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_module, "StartRequest", partial(StartRequest, continue_as_new_after=1))
    async with run_story(client, task_queue, "  - {id: a, activity: ok}\n  - {id: b, activity: ok}\n") as run:
        await run.result()

    async def are_listed() -> bool:
        return len(await list_runs_with_id(client, task_queue)) > 1

    await until(are_listed, "all runs are listed")
    runs = await list_runs_with_id(client, task_queue)
    told = [tell(await read_entries(client, task_queue, each.run_id), client, task_queue) for each in runs]
    assert told[0][-1] == "run continues as new; it goes on as run ~"
    assert told[1][0] == "run started after run ~, task queue ID"
    steps = [each for texts in told for each in texts if each.startswith("step")]
    assert steps == ["step a started", "step a completed", "step b started", "step b completed"]


async def test_workers_that_fail_to_continue_it(client: Client, task_queue: str) -> None:
    request = {"format": 99, "first_reader": "9.9", "definition": {"text": ""}}
    async with create_worker(client, [], task_queue=task_queue):
        run = await client.start_workflow(
            "stepfile:story", args=[None, request], id=task_queue, task_queue=task_queue
        )

        async def has_failed() -> bool:
            return len(await read_entries(client, task_queue)) > 1

        await until(has_failed, "a workflow task has failed")
        await run.terminate()
    entries = await read_entries(client, task_queue)
    failed = next(each for each in entries if each.name == "workflow_task_failed")
    assert "has failed to continue the run: " in failed.text


async def test_a_definition_that_can_not_be_compiled_here(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows what is secret in its input, so no message of an activity is shown."""

    def refuse(bundle: object, entry: object) -> None:
        raise KeyError

    async with run_story(client, task_queue, "  - {id: charge, activity: decline, args: [me]}\n") as run:
        await wait_for_end(run)
    monkeypatch.setattr(start_of_history, "compile_program", refuse)
    told = tell(await read_entries(client, task_queue), client, task_queue)
    assert told[2].endswith(f"failed: CardDeclined: {WITHHELD}")
    assert "has no money" in told[-1]  # the run itself has replaced secret values there


async def test_a_run_that_was_refused(client: Client, task_queue: str) -> None:
    bundle = prepare(read_text(HEAD + "  - {id: charge, activity: ok}\n")).bundle
    data, request = encode_arguments(StartRequest(bundle), {})
    request["definition"] = {"text": "dsl: '1'\nname: story\nsteps: [{id: a, unheard: of}]\n"}
    async with create_worker(client, ACTIVITIES, task_queue=task_queue):
        run = await client.start_workflow(
            "stepfile:story", args=[data, request], id=task_queue, task_queue=task_queue
        )
        await wait_for_end(run)
    told = tell(await read_entries(client, task_queue), client, task_queue)
    assert told[-1].startswith("run failed after ~: InvalidDefinition: line 3: ")


async def test_a_long_history(client: Client, task_queue: str) -> None:
    """It is read page by page, and nothing of it is missing."""
    steps = """\
  - id: all
    for_each: range(120)
    concurrency: 10
    steps: [{id: one, activity: ok}]
"""
    async with run_story(client, task_queue, steps) as run:
        await run.result()
    entries = await read_entries(client, task_queue)
    assert sum(each.name == "step_started" for each in entries) == 120
    assert sum(each.name == "step_ended" for each in entries) == 120
