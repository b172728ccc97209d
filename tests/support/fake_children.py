"""Child workflows on the fake: a definition runs on the same core in a world of its own, as on a real server."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from dsl.expressions import JsonValue
from dsl.json_schema.inputs import check_input
from dsl.model import ActivityTimeouts, RetryPolicy
from interpreter.effects import ActivityCall, ActivityResult, Cancellation, ChildCall, Effects
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.program.model import Program
from interpreter.state.failed_run import (
    FailedRun,
    describe_failed_run,
    describe_refused_run,
    may_run_again,
)
from interpreter.state.next_attempt import NextAttempt
from interpreter.state.run import Run
from tests.support.fake_retries import RetryState, build_timeout, decide_on_server
from tests.support.virtual_time import let_arrive
from tests.support.whole_run import WholeRun

ONCE = RetryPolicy(maximum_attempts=1)
"""Temporal's default for workflows."""


class ChildWorld(Effects, Protocol):
    """The world of a child that is a definition."""

    cancelled: bool


class ParentWorld(Protocol):
    """What a child needs of the world in which it is started."""

    running: set[str]

    def build_child_world(self, workflow_id: str, run_id: str) -> ChildWorld:
        """Make the world of a child: the same server, but another workflow."""

    async def run_attempts(self, call: ActivityCall) -> ActivityResult:
        """Run an activity; see `FakeActivities.run`."""


@dataclass
class _AttemptFailed(Exception):
    """One run of a child has failed."""

    failure: Failure
    """As its parent hears of it, if there is no other attempt."""
    is_final: bool
    """Whether the child itself forbids another attempt."""
    told: NextAttempt | None = None
    """What it tells the next attempt."""


async def run_child(world: ParentWorld, call: ChildCall) -> JsonValue:
    """Run a child workflow; see `Effects.call_child`."""
    if call.id in world.running:
        message = (
            f'child workflow "{call.name}" was not started: '
            f'a workflow with the id "{call.id}" is already running'
        )
        raise StepFailed(Failure("ChildWorkflowAlreadyStarted", message, outcome=Outcome.NOT_STARTED))
    world.running.add(call.id)
    work = asyncio.ensure_future(_make_attempts(world, call))
    work.add_done_callback(lambda _: world.running.discard(call.id))
    if call.only_started:
        work.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        return {"workflow_id": call.id, "run_id": f"{call.id}-1"}
    asked = False
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError:
            await let_arrive()
            if work.done():
                break
            if call.cancellation is not Cancellation.ABANDON and not asked:
                work.cancel()
            if call.cancellation is not Cancellation.WAIT:
                raise
            asked = True
    return work.result()


async def _make_attempts(world: ParentWorld, call: ChildCall) -> JsonValue:
    """Start the child again and again, as the server does, until its policy forbids it.

    Raises:
        StepFailed: no attempt succeeded.
        asyncio.CancelledError: the parent has asked it to stop, and it has.
    """
    policy = call.retry or ONCE
    attempt, told = 1, None
    while True:
        try:
            return await _make_attempt(world, call, attempt, told)
        except _AttemptFailed as failed:
            told = failed.told
            seen = Failure(failed.failure.type, failed.failure.message, non_retryable=failed.is_final)
            follows = decide_on_server(policy, attempt, seen)
            if isinstance(follows, RetryState):
                raise StepFailed(_describe_failure(call, failed.failure, follows)) from failed
        await asyncio.sleep(follows.total_seconds())
        attempt += 1


def _describe_failure(call: ChildCall, inner: Failure, state: RetryState) -> Failure:
    if call.program is None and state is RetryState.NON_RETRYABLE_FAILURE:
        inner = replace(inner, non_retryable=True)
    if call.program is None:
        inner = replace(inner, retry_state=state.value)
    return Failure(
        "ChildWorkflowFailed",
        f'child workflow "{call.name}" failed: {list(inner.chain())[-1].message}',
        retry_state=state.value,
        cause=inner,
        non_retryable=inner.non_retryable,
        stands=inner.stands,
    )


async def _make_attempt(
    world: ParentWorld, call: ChildCall, attempt: int, told: NextAttempt | None
) -> JsonValue:
    if call.program is not None:
        return await _run_definition(world, call, call.program, attempt, told)
    try:
        return (await world.run_attempts(_as_activity(call))).value
    except StepFailed as failed:
        failure = replace(failed.failure, attempts=None, retry_state=None)
        raise _AttemptFailed(failure, failure.non_retryable) from failed


async def _run_definition(
    world: ParentWorld, call: ChildCall, program: Program, attempt: int, told: NextAttempt | None
) -> JsonValue:
    inner = world.build_child_world(call.id, f"{call.id}-{attempt}")
    data, problems = check_input(program.definition.input, call.args[0])
    if problems:
        message = "; ".join(map(str, problems))
        refused = describe_refused_run(Failure("InvalidInput", message, non_retryable=True), ())
        raise _AttemptFailed(_read_failure(refused), is_final=True)
    run = Run(
        program,
        inner,
        data,
        call.limits,
        predecessor=call.predecessor,
        repeatable=call.retry is not None,
    )
    if told is not None:
        told.apply(run, run)
    whole = WholeRun(run)
    work = asyncio.ensure_future(whole.execute())
    limits = [each.total_seconds() for each in (call.timeouts.execution, call.timeouts.run) if each]
    loop = asyncio.get_running_loop()
    ends = loop.time() + min(limits, default=math.inf)
    while not work.done():
        if loop.time() >= ends:
            work.cancel()
            raise StepFailed(_build_timeout(call))
        try:
            await asyncio.wait([work], timeout=ends - loop.time() if limits else None)
        except asyncio.CancelledError:
            inner.cancelled = True
            work.cancel()
    try:
        return work.result()
    except StepFailed as failed:
        failure, run = failed.failure, whole.run
        described = describe_failed_run(run, failure)
        is_final = not may_run_again(run, failure)
        raise _AttemptFailed(_read_failure(described), is_final, described.next_attempt) from failed


def _build_timeout(call: ChildCall) -> Failure:
    return Failure(
        "ChildWorkflowFailed",
        f'child workflow "{call.name}" timed out',
        retry_state=RetryState.TIMEOUT.value,
        cause=build_timeout("StartToClose"),
        outcome=Outcome.UNKNOWN,
    )


def _read_failure(failed: FailedRun) -> Failure:
    """Read what a failed run has told, as its parent does."""
    told = FailedRun.from_details(failed.to_details())
    assert told is not None
    return told.to_failure()


def _as_activity(call: ChildCall) -> ActivityCall:
    """A registered type does what an activity of its name does, once."""
    return ActivityCall(
        id=call.id,
        key=call.id,
        name=call.name,
        args=call.args,
        summary=call.summary,
        task_queue=None,
        timeouts=ActivityTimeouts.model_construct(start_to_close=timedelta(hours=1)),
        retry=ONCE,
        cancellation=Cancellation.WAIT,
    )
