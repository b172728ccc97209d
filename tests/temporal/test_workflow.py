"""What a run leaves on the server: its events, memo, summaries and answers; and how it ends from outside."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    RetryState,
    TerminatedError,
    TimeoutError,
)
from temporalio.worker import Worker

from dsl.check import check as check_definition
from dsl.reading.reader import read_text
from interpreter.program.model import compute_digest
from interpreter.temporal.worker.interceptor import StepfileInterceptor
from interpreter.temporal.workflow.workflow import StepfileWorkflow
from stepfile import (
    create_worker,
    prepare,
    query_status,
    start,
)
from tests.support.history import events_of, letters
from tests.support.script import Script
from tests.support.temporal_activities import build_scripted_activities
from tests.support.waiting import until

Run = WorkflowHandle[Any, Any]

AT_ONCE = 10
"""Runs that go on at the same time on the server: they mostly wait."""

ONE_AFTER_THE_OTHER = """
dsl: "1"
name: one-after-the-other
version: 1.2.3
defaults: {timeouts: {start_to_close: 10s}}
steps:
  - {id: a, activity: A}
  - {activity: B, summary: Do it}
  - {id: pause, wait: 1ms, summary: Breathe}
  - {id: c, activity: C, compensate: {activity: uC}}
"""


async def test_an_activity_step_costs_three_events_and_a_workflow_task(
    client: Client, task_queue: str
) -> None:
    script = Script({"A": [], "B": [], "C": [], "uC": []})
    async with create_worker(client, _functions(script), task_queue=task_queue):
        run = await _started(client, task_queue, ONE_AFTER_THE_OTHER)
        await run.result()
    events = await events_of(run)
    assert letters(events) == "S St C S St C TS TF S St C completed"
    tasks, steps, timer = 5 * 3, 3 * 3, 2
    assert len(events) == 1 + tasks + steps + timer + 1


async def test_people_see_which_definition_and_which_step(client: Client, task_queue: str) -> None:
    script = Script({"A": [], "B": [], "C": [], "uC": []})
    async with create_worker(client, _functions(script), task_queue=task_queue):
        run = await _started(client, task_queue, ONE_AFTER_THE_OTHER)
        await run.result()
    described = await run.describe()
    assert await described.memo() == {
        "name": "one-after-the-other",
        "version": "1.2.3",
        "hash": compute_digest(ONE_AFTER_THE_OTHER),
    }
    assert await described.static_summary() == "one-after-the-other"
    summaries = [
        await client.data_converter.decode([event.user_metadata.summary])
        for event in await events_of(run)
        if event.event_type
        in (EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, EventType.EVENT_TYPE_TIMER_STARTED)
    ]
    assert summaries == [["a"], ["Do it"], ["Breathe"], ["c"]]


async def test_status_during_and_after_from_any_worker(client: Client, task_queue: str) -> None:
    gate = asyncio.Event()

    @activity.defn(name="A")
    async def a() -> int:
        await gate.wait()
        return 1

    script = Script({"B": [], "C": [{"fail": {"non_retryable": True}}], "uC": []})
    async with create_worker(client, [a, *_functions(script)], task_queue=task_queue):
        run = await _started(client, task_queue, ONE_AFTER_THE_OTHER)
        await until(lambda: _is(run, "a", "running"), "a runs")
        during = await query_status(run)
        gate.set()
        await _failure(run)
        after = await query_status(run)
    async with create_worker(client, [], task_queue=task_queue):
        assert await query_status(run) == after
    assert during["status"] == "running"
    assert [step["state"] for step in during["steps"]] == ["running", "pending", "pending", "pending"]
    assert after["status"] == "failed"
    assert after["definition"] == {
        "name": "one-after-the-other",
        "version": "1.2.3",
        "digest": compute_digest(ONE_AFTER_THE_OTHER),
    }
    assert [(s["step"], s["line"], s["state"], s["attempts"]) for s in after["steps"]] == [
        ("a", 7, "completed", 1),
        ("steps[1]", 8, "completed", 1),
        ("pause", 9, "completed", None),
        ("c", 10, "failed", 1),
    ]
    assert all(s["started_at"] <= s["ended_at"] for s in after["steps"])


SAGA = """
dsl: "1"
name: saga
defaults: {timeouts: {start_to_close: 10s, heartbeat: 1s}, retry: {maximum_attempts: 1}}
saga: {retry: {maximum_attempts: 1}}
%s
steps:
  - {id: a, activity: A, compensate: {activity: uA, args: ["${ result }"], after: completed}}
  - {id: b, activity: B, compensate: {activity: uB}}
on_failure: {steps: [{activity: notify}]}
"""


def _saga(**behaviours: list[dict[str, Any]]) -> Script:
    return Script({"A": [{"ok": 7}], "B": [], "uA": [], "uB": [], "notify": [], **behaviours})


async def test_a_cancel_before_the_first_workflow_task_starts_nothing(
    client: Client, task_queue: str
) -> None:
    run = await _started(client, task_queue, SAGA % "")
    await run.cancel()
    script = _saga()
    async with create_worker(client, _functions(script), task_queue=task_queue):
        assert await _cancelled(run)
        assert (await query_status(run))["status"] == "cancelled"
    assert script.calls == []
    assert letters(await events_of(run)) == "WCR canceled"


async def test_terminate_undoes_nothing(client: Client, task_queue: str) -> None:
    script = _saga(B=[{"takes": "20s"}])
    async with create_worker(client, _functions(script), task_queue=task_queue, graceful_shutdown=NOW):
        run = await _started(client, task_queue, SAGA % "")
        await until(lambda: "B" in script.calls, "b runs")
        await run.terminate()
        with pytest.raises(WorkflowFailureError) as error:
            await run.result()
    assert isinstance(error.value.cause, TerminatedError)
    assert script.calls == ["A", "B"]


async def test_the_run_timeout_undoes_nothing_which_is_said_before(client: Client, task_queue: str) -> None:
    text = SAGA % "timeouts: {run: 2s}"
    [warning] = check_definition(read_text(text, "saga.yaml")).problems
    assert (warning.code, warning.severity) == ("no-compensation", "warning")
    script = _saga(B=[{"takes": "20s"}])
    async with create_worker(client, _functions(script), task_queue=task_queue, graceful_shutdown=NOW):
        run = await _started(client, task_queue, text)
        with pytest.raises(WorkflowFailureError) as error:
            await run.result()
    assert isinstance(error.value.cause, TimeoutError)
    assert (await run.describe()).status is WorkflowExecutionStatus.TIMED_OUT
    assert script.calls == ["A", "B"]


RETRY = "retry: {initial_interval: 1s, maximum_attempts: 3}"


async def test_the_workflow_is_run_again_after_everything_was_undone(client: Client, task_queue: str) -> None:
    script = _saga(B=[{"fail": {}}, {"ok": 2}])
    async with create_worker(client, _functions(script), task_queue=task_queue):
        run = await _started(client, task_queue, SAGA % RETRY)
        assert await run.result() == 2
    assert script.calls == ["A", "B", "uA", "notify", "A", "B"]


KEYS = """
dsl: "1"
name: keys
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
retry: {initial_interval: 1s, maximum_attempts: 2}
%s
steps:
  - {id: a, activity: A, args: ["${ step.key }"], compensate: {activity: uA, args: ["${ step.key }"]}}
  - {id: b, activity: B, args: ["${ step.key }"]}
"""


async def test_what_was_undone_has_another_key_when_the_workflow_is_run_again(
    client: Client, task_queue: str
) -> None:
    script = Script({"A": [], "uA": [], "B": [{"fail": {}}, {}]})
    async with create_worker(client, build_scripted_activities(script), task_queue=task_queue):
        run = await _started(client, task_queue, KEYS % "")
        await run.result()
    keys = [
        (name, key.removeprefix(f"{run.id}/"))
        for name, [key] in zip(script.calls, script.arguments, strict=True)
    ]
    assert keys == [("A", "a"), ("B", "b"), ("uA", "a"), ("A", "a#2"), ("B", "b")]


async def test_what_the_server_has_timed_out_and_so_is_not_undone_keeps_its_key(
    client: Client, task_queue: str
) -> None:
    script = Script({"A": [], "uA": [], "B": [{"takes": "5s"}, {}]})
    async with create_worker(client, build_scripted_activities(script), task_queue=task_queue):
        run = await _started(client, task_queue, KEYS % "timeouts: {run: 1500ms}")
        await run.result()
    keys = [
        (name, key.removeprefix(f"{run.id}/"))
        for name, [key] in zip(script.calls, script.arguments, strict=True)
    ]
    assert keys == [("A", "a"), ("B", "b"), ("A", "a"), ("B", "b")]


@pytest.mark.parametrize(
    ("behaviours", "calls"),
    [
        ({"B": [{"fail": {"non_retryable": True}}]}, ["A", "B", "uA", "notify"]),
        ({"B": [{"fail": {}}], "uA": [{"fail": {}}]}, ["A", "B", "uA", "notify"]),
    ],
    ids=["a definite failure", "a failed compensation"],
)
async def test_the_workflow_is_not_run_again_after(
    behaviours: dict[str, Any], calls: list[str], client: Client, task_queue: str
) -> None:
    script = _saga(**behaviours)
    async with create_worker(client, _functions(script), task_queue=task_queue):
        run = await _started(client, task_queue, SAGA % RETRY)
        failure = await _failure(run)
    assert failure.non_retryable
    assert script.calls == calls
    assert (await run.describe()).run_id == run.first_execution_run_id


async def test_the_workflow_is_not_run_again_after_its_pivot(client: Client, task_queue: str) -> None:
    """Nothing was undone: another run would do all of it under other keys."""
    script = Script({"A": [], "uA": [], "B": [{"fail": {}}, {}]})
    async with create_worker(client, build_scripted_activities(script), task_queue=task_queue):
        run = await _started(
            client, task_queue, (KEYS % "").replace("activity: A", "pivot: true, activity: A")
        )
        failure = await _failure(run)
    assert failure.non_retryable
    assert script.calls == ["A", "B"]
    assert failure.details[0]["stands"]


async def test_the_workflow_is_not_run_again_after_a_request_to_stop(client: Client, task_queue: str) -> None:
    script = _saga(B=[{"fail": {}}], uA=[{"takes": "1s"}])
    async with create_worker(client, _functions(script), task_queue=task_queue):
        run = await _started(client, task_queue, SAGA % RETRY)
        await until(lambda: "uA" in script.calls, "it is undone")
        await run.cancel()
        failure = await _failure(run)
    assert failure.non_retryable
    assert failure.details[0]["cancel_requested"]
    assert script.calls == ["A", "B", "uA", "notify"]


async def test_the_cause_of_a_failed_run_is_temporals_own(client: Client, task_queue: str) -> None:
    script = _saga(B=[{"fail": {"type": "Oops", "message": "no"}}])
    async with create_worker(client, _functions(script), task_queue=task_queue):
        failure = await _failure(await _started(client, task_queue, SAGA % ""))
    assert isinstance(failure.cause, ActivityError)
    assert failure.cause.retry_state is RetryState.MAXIMUM_ATTEMPTS_REACHED
    assert isinstance(failure.cause.cause, ApplicationError)
    assert failure.cause.cause.type == "Oops"


class TestTogether:
    """What comes in one and the same workflow task: here because no worker takes workflow tasks meanwhile."""

    @pytest.mark.parametrize("first", ["S St C WCR", "S WCR St C"])
    async def test_a_step_that_ends_with_a_cancel_has_completed(
        self, first: str, client: Client, task_queue: str
    ) -> None:
        script = _saga()
        run = await _first_task(client, task_queue, SAGA % "")
        if first.startswith("S WCR"):
            await run.cancel()
        async with _only_activities(client, script, task_queue):
            await until(lambda: "A" in script.finished, "a has run")
            await until(lambda: _has(run, "S St C", "S WCR St C"), "a has completed")
        if first.endswith("WCR"):
            await run.cancel()
        async with create_worker(client, _functions(script), task_queue=task_queue):
            assert await _cancelled(run)
            told = await query_status(run)
        assert script.calls == ["A", "uA"]
        assert script.arguments[1] == [7]
        assert letters(await events_of(run)) == f"{first} S St C canceled"
        assert [step["state"] for step in told["steps"]] == ["completed", "pending"]

    async def test_a_step_that_fails_with_a_cancel_does_not_make_a_failed_run(
        self, client: Client, task_queue: str
    ) -> None:
        script = _saga(A=[{"fail": {"type": "Fatal", "non_retryable": True}}])
        run = await _first_task(client, task_queue, SAGA % "")
        async with _only_activities(client, script, task_queue):
            await until(lambda: _has(run, "S St F"), "a has failed")
        await run.cancel()
        async with create_worker(client, _functions(script), task_queue=task_queue):
            assert await _cancelled(run)
        assert script.calls == ["A"]

    @pytest.mark.parametrize("first", ["S TS St C TF", "S TS TF St C"])
    async def test_a_step_that_ends_with_its_deadline_is_late_but_has_completed(
        self, first: str, client: Client, task_queue: str
    ) -> None:
        script = _saga()
        run = await _first_task(client, task_queue, SAGA % "timeouts: {deadline: 1s}")
        if first.startswith("S TS TF"):
            await until(lambda: _has(run, "S TS TF"), "the deadline has passed")
        async with _only_activities(client, script, task_queue):
            await until(lambda: _has(run, first), "a has completed, and the deadline has passed")
        async with create_worker(client, _functions(script), task_queue=task_queue):
            failure = await _failure(run)
        assert failure.type == "DeadlineExceeded"
        assert script.calls == ["A", "uA", "notify"]
        assert script.arguments[1] == [7]

    async def test_a_deadline_and_a_cancel_still_wait_for_the_step_to_stop(
        self, client: Client, task_queue: str
    ) -> None:
        script = _saga(A=[{"takes": "20s"}])
        text = SAGA.replace(", after: completed", "") % "timeouts: {deadline: 1s}"
        run = await _first_task(client, task_queue, text)
        async with _only_activities(client, script, task_queue):
            await until(lambda: "A" in script.calls, "a runs")
            await until(lambda: _has(run, "S TS TF"), "the deadline has passed")
            await run.cancel()
            async with Worker(client, task_queue=task_queue, workflows=[StepfileWorkflow]):
                assert await _cancelled(run)
        assert letters(await events_of(run)) == "S TS TF WCR CR St X S St C canceled"
        assert script.calls == ["A", "uA"]


async def test_a_worker_without_our_interceptor_only_does_not_tell_the_attempts(
    client: Client, task_queue: str
) -> None:
    script = _saga(A=[{"ok": 7}], B=[{"fail": {"type": "Oops", "details": {"n": 1}}}])
    async with Worker(
        client, task_queue=task_queue, workflows=[StepfileWorkflow], activities=_functions(script)
    ):
        run = await _started(client, task_queue, SAGA % "")
        failure = await _failure(run)
        told = await query_status(run)
    assert (failure.type, failure.details[0]["error"]["details"]) == ("Oops", {"n": 1})
    assert script.calls == ["A", "B", "uA", "notify"]
    assert [(step["state"], step["attempts"]) for step in told["steps"][:2]] == [
        ("completed", None),
        ("failed", 1),  # from the policy: it was exhausted
    ]


async def test_what_a_stopped_worker_leaves_is_not_known_and_undone(client: Client, task_queue: str) -> None:
    """F17: not silently repeated, for the policy allows one attempt."""
    script = _saga(B=[{"takes": "30s"}])
    async with create_worker(client, _functions(script), task_queue=task_queue, graceful_shutdown=NOW):
        run = await _started(client, task_queue, SAGA % "")
        await until(lambda: "B" in script.calls, "b runs")
    async with create_worker(client, _functions(script), task_queue=task_queue):
        failure = await _failure(run)
    assert failure.type == "WorkerShutdown"
    assert script.calls == ["A", "B", "uB", "uA", "notify"]


LATE_WORKER = """
dsl: "1"
name: late-worker
defaults: {timeouts: {start_to_close: 10s}}
steps:
  - timeouts: {deadline: 2s}
    steps:
      - {id: pause, wait: 1s}
      - {id: a, activity: A, compensate: {activity: uA}}
"""


async def test_what_was_never_scheduled_is_not_undone(client: Client, task_queue: str) -> None:
    """A worker that comes late finds the end of the wait and the deadline in one workflow task."""
    script = Script({"A": [], "uA": []})
    functions = build_scripted_activities(script)
    async with create_worker(client, functions, task_queue=task_queue, graceful_shutdown=NOW):
        run = await _started(client, task_queue, LATE_WORKER)
        await until(lambda: _timers(run, "TS", 2), "both timers run")
    await until(lambda: _timers(run, "TF", 2), "both timers have fired")
    async with create_worker(client, functions, task_queue=task_queue):
        failure = await _failure(run)
    assert failure.type == "DeadlineExceeded"
    assert script.calls == []
    assert letters(await events_of(run)) == "TS TS TF TF failed"


async def _timers(run: Run, letter: str, number: int) -> bool:
    return letters(await events_of(run)).split().count(letter) == number


async def test_deep_and_long_names_do_not_block_a_run(client: Client, task_queue: str) -> None:
    longest = "\N{PILE OF POO}" * 200
    inside: dict[str, Any] = {
        "steps": [{"wait": "1ms"}, {"activity": "A", "summary": longest}, {"activity": "A"}]
    }
    for _ in range(46):  # the deepest that a definition may be
        inside = {"steps": [inside]}
    script = Script({"A": [{"ok": 1}]})
    text = json.dumps(
        {
            "dsl": "1",
            "name": "deep",
            "defaults": {"timeouts": {"start_to_close": "5s"}},
            "steps": [inside],
        },
        ensure_ascii=False,
    )
    async with create_worker(client, _functions(script), task_queue=task_queue):
        run = await _started(client, task_queue, text)
        assert await run.result() == 1
    assert "WORKFLOW_TASK_FAILED" not in letters(await events_of(run))


NOW = timedelta(0)


def _functions(script: Script) -> list[Any]:
    return build_scripted_activities(script)


async def _started(client: Client, task_queue: str, text: str) -> Run:
    submission = prepare(read_text(text, "test.yaml"), None)
    return await start(client, submission, workflow_id=task_queue, task_queue=task_queue)


async def _first_task(client: Client, task_queue: str, text: str) -> Run:
    """A run whose first workflow task is done, and that no worker remembers."""
    run = await _started(client, task_queue, text)
    async with Worker(client, task_queue=task_queue, workflows=[StepfileWorkflow], max_cached_workflows=0):
        await until(lambda: _has(run, "S", "S TS"), "a is scheduled")
    return run


def _only_activities(client: Client, script: Script, task_queue: str) -> Worker:
    return Worker(
        client, task_queue=task_queue, activities=_functions(script), interceptors=[StepfileInterceptor()]
    )


async def _has(run: Run, *sequences: str) -> bool:
    return letters(await events_of(run)) in sequences


async def _is(run: Run, path: str, state: str) -> bool:
    return any(s["step"] == path and s["state"] == state for s in (await query_status(run))["steps"])


async def _failure(run: Run) -> ApplicationError:
    with pytest.raises(WorkflowFailureError) as error:
        await run.result()
    assert isinstance(error.value.cause, ApplicationError)
    return error.value.cause


async def _cancelled(run: Run) -> bool:
    with pytest.raises(WorkflowFailureError) as error:
        await run.result()
    return isinstance(error.value.cause, CancelledError)
