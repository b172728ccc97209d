"""Mistakes of programmers: each gives one attempt and a failed run that says where, never an endless retry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.exceptions import CancelledError as TemporalCancelledError
from temporalio.worker import Worker

from dsl.reading.reader import read_text
from interpreter.temporal.workflow.workflow import StepfileWorkflow
from stepfile import create_worker, prepare, query_status, start
from tests.support.history import events_of, letters

Run = WorkflowHandle[Any, Any]

DEFINITION = """\
dsl: "1"
name: mistaken
input: {type: object, properties: {n: {type: integer}}}
defaults: {timeouts: {start_to_close: 10s}}
steps:
  - {id: before, set: {n: 1}}
  - id: call
    activity: A
    args: [1]
    compensate: {activity: undo, args: ["${ result }"]}
vars: {n: "${ input.n ?? 0 }"}
"""
"""Without a limit of attempts: what is not final at once is tried for ever."""
LINE = 7

undone: list[Any] = []


@activity.defn
async def undo(result: Any) -> None:
    undone.append((activity.info().workflow_id, result))


@activity.defn(name="A")
async def takes_two(a: int, b: int) -> None: ...


@activity.defn(name="A")
def takes_none() -> None: ...


@activity.defn(name="A")
async def cancelled(a: int) -> None:
    raise TemporalCancelledError("I would rather not")


@activity.defn(name="A")
def cancelled_in_a_thread(a: int) -> None:
    raise TemporalCancelledError("I would rather not")


@activity.defn(name="A")
async def returns_a_number_of_python(a: int) -> complex:
    return complex(a)


@activity.defn(name="A")
async def returns_bytes(a: int) -> bytes:
    return b"\0"


@activity.defn(name="A")
async def returns_an_object(a: int) -> object:
    return object()


@activity.defn(name="A")
async def returns_no_number(a: int) -> dict[str, list[float]]:
    return {"prices": [1.0, float("nan")]}


@activity.defn(name="A")
async def returns_infinity(a: int) -> float:
    return float("-inf")


@pytest.mark.parametrize(
    ("activities", "error_type", "words", "is_undone"),
    [
        ([], "ActivityNotRegistered", "no activity A on the worker of task queue", False),
        ([takes_two], "TypeError", "activity A(a: int, b: int) -> None was called with 1 argument:", False),
        ([takes_none], "TypeError", "activity A() -> None was called with 1 argument:", False),
        ([returns_a_number_of_python], "InvalidResult", "can't be used", True),
        ([returns_bytes], "InvalidResult", "bytes is not JSON", True),
        ([returns_an_object], "InvalidResult", "can't be used", True),
        ([returns_no_number], "InvalidResult", "can't be used: NaN is not JSON (at prices.1)", True),
        ([returns_infinity], "InvalidResult", "can't be used: -Infinity is not JSON", True),
    ],
    ids=lambda value: value[0].__name__ if isinstance(value, list) and value else None,
)
async def test_one_attempt_and_a_failed_run_that_names_step_and_line(
    activities: list[Callable[..., Any]],
    error_type: str,
    words: str,
    is_undone: bool,
    client: Client,
    task_queue: str,
) -> None:
    async with create_worker(client, [undo, *activities], task_queue=task_queue):
        run = await _started(client, task_queue)
        failure = await _failure(run)
        told = await query_status(run)
    assert failure.type == error_type
    assert words in failure.message
    assert failure.non_retryable
    details = failure.details[0]
    assert (details["step"], details["line"]) == ("call", LINE)
    assert (details["error"]["attempts"], details["error"]["retry_state"]) == (1, "NON_RETRYABLE_FAILURE")
    assert [step["state"] for step in told["steps"]] == ["completed", "failed"]
    assert letters(await events_of(run)) == ("S St F S St C failed" if is_undone else "S St F failed")
    assert ((run.id, None) in undone) == is_undone


@activity.defn(name="A")
async def cancels_itself(a: int) -> None:
    raise asyncio.CancelledError("I would rather not")


@pytest.mark.parametrize("function", [cancelled, cancelled_in_a_thread, cancels_itself])
async def test_one_that_calls_itself_cancelled_is_retried_as_its_policy_says(
    function: Callable[..., Any], client: Client, task_queue: str
) -> None:
    """Nobody has cancelled it, so it has failed like any other."""
    text = DEFINITION.replace("10s}}", "10s}, retry: {initial_interval: 1s, maximum_attempts: 2}}", 1)
    async with create_worker(client, [undo, function], task_queue=task_queue):
        submission = prepare(read_text(text), {})
        run = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        failure = await _failure(run)
    assert (failure.type, failure.message) == ("CancelledError", "I would rather not")
    error = failure.details[0]["error"]
    assert (error["attempts"], error["retry_state"]) == (2, "MAXIMUM_ATTEMPTS_REACHED")


PARTS = """\
dsl: "1"
name: large
defaults: {timeouts: {start_to_close: 10s}}
steps:
  - {id: a, activity: produce, args: [1500000], compensate: {activity: undo, args: [1]}}
"""


@activity.defn
async def produce(size: int) -> str:
    return "x" * size


@activity.defn
async def take(*parts: str) -> None: ...


@activity.defn
async def complain(size: int) -> None:
    raise ApplicationError("no", "x" * size, "y" * size, type="Oops", non_retryable=True)


@activity.defn
async def complain_of_objects() -> None:
    raise ApplicationError("no", object(), type="Oops", non_retryable=True)


@pytest.mark.parametrize(
    ("more", "error_type", "step", "letters_"),
    [
        (
            '  - {id: b, activity: take, args: ["${ steps.a.result }", "${ steps.a.result }"]}',
            "TooLarge",
            "b",
            "S St C S St C failed",
        ),
        ("  - {id: b, activity: produce, args: [3000000]}", "TooLarge", "b", "S St C S St F S St C failed"),
        (
            'output: ["${ steps.a.result }", "${ steps.a.result }"]',
            "TooLarge",
            None,
            "S St C S St C failed",
        ),
        ("  - {id: b, activity: complain, args: [3000000]}", "Oops", "b", "S St C S St F S St C failed"),
        ("  - {id: b, activity: complain, args: [950000]}", "Oops", "b", "S St C S St F S St C failed"),
        ("  - {id: b, activity: complain_of_objects}", "Oops", "b", "S St C S St F S St C failed"),
    ],
    ids=["arguments", "result of an activity", "result of the run", "details", "all details", "objects"],
)
async def test_what_is_too_large_to_be_sent_fails_and_does_not_block(
    more: str, error_type: str, step: str | None, letters_: str, client: Client, task_queue: str
) -> None:
    activities: list[Callable[..., Any]] = [produce, take, undo, complain, complain_of_objects]
    async with create_worker(client, activities, task_queue=task_queue):
        run = await _started(client, task_queue, PARTS + more)
        failure = await _failure(run)
    assert (failure.type, failure.details[0]["step"]) == (error_type, step)
    assert letters(await events_of(run)) == letters_
    assert (run.id, 1) in undone


async def test_a_result_for_a_failure_that_is_too_large_does_not_hide_it(
    client: Client, task_queue: str
) -> None:
    more = """\
  - {set: {big: "${ steps.a.result }"}}
  - {id: b, raise: {type: Oops}}
vars: {big: null}
on_failure: {result: ["${ vars.big }", "${ vars.big }"]}
"""
    async with create_worker(client, [produce, undo], task_queue=task_queue):
        failure = await _failure(await _started(client, task_queue, PARTS + more))
    assert failure.type == "Oops"
    assert [later["type"] for later in failure.details[0]["further_errors"]] == ["TooLarge"]


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (returns_bytes, "binary/plain is not JSON"),
        (returns_no_number, "NaN is not JSON (at prices.1)"),
    ],
)
async def test_a_foreign_worker_that_returns_no_json(
    function: Callable[..., Any], why: str, client: Client, task_queue: str
) -> None:
    async with Worker(
        client, task_queue=task_queue, workflows=[StepfileWorkflow], activities=[function, undo]
    ):
        run = await _started(client, task_queue)
        failure = await _failure(run)
    assert (failure.type, failure.message) == (
        "InvalidResult",
        f"the result of the activity can't be used: {why}",
    )
    assert letters(await events_of(run)) == "S St C S St C failed"


@activity.defn(name="A")
async def complains_of_no_number(a: int) -> None:
    raise ApplicationError("no", {"mean": float("nan")}, type="Oops", non_retryable=True)


def of_stepfile(client: Client, queue: str) -> Worker:
    return create_worker(client, [complains_of_no_number, undo], task_queue=queue)


def of_somebody_else(client: Client, queue: str) -> Worker:
    activities = [complains_of_no_number, undo]
    return Worker(client, task_queue=queue, workflows=[StepfileWorkflow], activities=activities)


@pytest.mark.parametrize("worker", [of_stepfile, of_somebody_else])
async def test_details_that_are_no_json_are_told_in_words(
    worker: Callable[[Client, str], Worker], client: Client, task_queue: str
) -> None:
    async with worker(client, task_queue):
        failure = await _failure(await _started(client, task_queue))
    error = failure.details[0]["error"]
    assert (error["type"], error["details"]) == ("Oops", "{'mean': nan}")


CHILDREN = """\
dsl: "1"
name: parent
steps: [{child_workflow: {type: Foreign}}]
"""


@workflow.defn(name="Foreign", sandboxed=False)
class Foreign:
    """A workflow of the user's own."""

    @workflow.run
    async def run(self) -> float:
        return float("inf")


async def test_a_child_that_returns_no_json(client: Client, task_queue: str) -> None:
    async with create_worker(client, [], workflows=[Foreign], task_queue=task_queue):
        failure = await _failure(await _started(client, task_queue, CHILDREN))
    assert (failure.type, failure.message) == (
        "InvalidResult",
        "the result of the child workflow can't be used: Infinity is not JSON",
    )


@pytest.mark.parametrize("place", ["interpreter.machine.set_.perform", "interpreter.machine.record_start"])
@pytest.mark.parametrize("error", [TypeError("our bug"), RecursionError("deep"), AssertionError()], ids=repr)
async def test_our_own_bug_fails_the_run_and_does_not_block_it(
    place: str, error: Exception, client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise error

    monkeypatch.setattr(place, broken)
    async with create_worker(client, [undo], task_queue=task_queue):
        run = await _started(client, task_queue)
        failure = await _failure(run)
    assert (failure.type, failure.message) == ("InterpreterError", f"{type(error).__name__}: {error}")
    assert failure.non_retryable
    assert letters(await events_of(run)) == "failed"


async def test_a_bug_in_what_is_undone_fails_the_run_too(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @activity.defn(name="A")
    async def fails(a: int) -> None:
        await asyncio.sleep(0)
        raise ApplicationError("no", non_retryable=True)

    def broken(*_: Any) -> Sequence[Any]:
        raise TypeError("our bug")

    monkeypatch.setattr("interpreter.state.saga.Saga.take", broken)
    async with create_worker(client, [undo, fails], task_queue=task_queue):
        run = await _started(client, task_queue)
        failure = await _failure(run)
    assert failure.type == "InterpreterError"
    assert letters(await events_of(run)) == "S St F failed"


async def _started(client: Client, task_queue: str, text: str = DEFINITION) -> Run:
    submission = prepare(read_text(text, "mistaken.yaml"), None)
    return await start(client, submission, workflow_id=f"{hash(task_queue)}", task_queue=task_queue)


async def _failure(run: Run) -> ApplicationError:
    async with asyncio.timeout(15):
        with pytest.raises(WorkflowFailureError) as error:
            await run.result()
    assert isinstance(error.value.cause, ApplicationError)
    return error.value.cause
