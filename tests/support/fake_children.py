"""Child workflows on the fake: a definition runs on the same core in a world of its own, as on a real server."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    ChildWorkflowError,
    RetryState,
    WorkflowAlreadyStartedError,
)

from dsl.expressions import JsonValue
from dsl.json_schema.inputs import check_input
from dsl.model import ActivityTimeouts, RetryPolicy
from interpreter.effects import ActivityCall, Cancellation, ChildCall
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.program.model import Program
from interpreter.state.failed_run import describe_failed_run, describe_refused_run, may_run_again
from interpreter.state.run import Run
from interpreter.temporal.workflow.failures import translate_child_error
from tests.support.fake_effects import FakeEffects, backoff, final, let_arrive
from tests.support.whole_run import WholeRun

ONCE = RetryPolicy(maximum_attempts=1)
"""Temporal's default for workflows."""


async def run_child(world: FakeEffects, call: ChildCall) -> JsonValue:
    if call.id in world.running:
        error = WorkflowAlreadyStartedError(call.id, call.name)
        message = (
            f'child workflow "{call.name}" was not started: a workflow with the id "{call.id}" runs already'
        )
        raise StepFailed(
            Failure("ChildWorkflowAlreadyStarted", message, outcome=Outcome.NOT_STARTED)
        ) from error
    world.running.add(call.id)
    work = asyncio.ensure_future(_attempts(world, call))
    work.add_done_callback(lambda _: world.running.discard(call.id))
    if call.only_started:
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
    try:
        return work.result()
    except ChildWorkflowError as error:
        raise StepFailed(translate_child_error(error, call, asked=asked)) from error


async def _attempts(world: FakeEffects, call: ChildCall) -> JsonValue:
    """As the server starts a workflow again."""
    policy = call.retry or ONCE
    attempt = 1
    while True:
        try:
            return await _attempt(world, call, attempt)
        except ApplicationError as error:
            state = final(policy, attempt, error)
            if state is not None:
                raise _error(call, state) from error
            wait = backoff(policy, attempt, error)
        except asyncio.CancelledError:
            raise _error(call, None) from CancelledError("cancelled")
        await asyncio.sleep(wait)
        attempt += 1


async def _attempt(world: FakeEffects, call: ChildCall, attempt: int) -> JsonValue:
    if call.program is not None:
        return await _definition(world, call, call.program, attempt)
    try:
        return (await world.attempts(_as_activity(call))).value
    except ActivityError as error:
        raise error.cause or error from None


async def _definition(world: FakeEffects, call: ChildCall, program: Program, attempt: int) -> JsonValue:
    inner = replace(world, undone={}, workflow_id=call.id, run_id=f"{call.id}-{attempt}", cancelled=False)
    data, problems = check_input(program.definition.input, call.args[0])
    if problems:
        message = "; ".join(map(str, problems))
        refused = describe_refused_run(Failure("InvalidInput", message, non_retryable=True), ())
        raise ApplicationError(message, refused.to_details(), type="InvalidInput", non_retryable=True)
    run = Run(program, inner, data, call.limits, generation=attempt, repeatable=call.retry is not None)
    whole = WholeRun(run)
    work = asyncio.ensure_future(whole.execute())
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError:
            inner.cancelled = True
            work.cancel()
    try:
        return work.result()
    except StepFailed as failed:
        failure, run = failed.failure, whole.run
        details = describe_failed_run(run, failure).to_details()
        again = may_run_again(run, failure)
        raise ApplicationError(
            failure.message, details, type=failure.type, non_retryable=not again
        ) from failed


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


def _error(call: ChildCall, state: RetryState | None) -> ChildWorkflowError:
    return ChildWorkflowError(
        "Child Workflow execution failed",
        namespace="default",
        workflow_id=call.id,
        run_id=f"{call.id}-1",
        workflow_type=call.name,
        initiated_event_id=0,
        started_event_id=0,
        retry_state=state,
    )
