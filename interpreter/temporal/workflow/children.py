"""Child workflows, by Temporal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ApplicationError, ChildWorkflowError, WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowCancellationType, ChildWorkflowHandle, ParentClosePolicy

from dsl.model.children import ParentClosePolicy as Policy
from interpreter.concurrency.shield import shield
from interpreter.effects import Cancellation, ChildCall
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.temporal.wire.names import build_workflow_type
from interpreter.temporal.wire.priority import to_temporal_priority
from interpreter.temporal.wire.request import StartRequest, build_memo, encode_arguments
from interpreter.temporal.wire.user_metadata import cut_details, cut_summary
from interpreter.temporal.workflow.failures import translate_child_error

_WHEN_PARENT_CLOSES: dict[Policy, ParentClosePolicy] = {
    "terminate": ParentClosePolicy.TERMINATE,
    "request_cancel": ParentClosePolicy.REQUEST_CANCEL,
    "abandon": ParentClosePolicy.ABANDON,
}


def build_child_arguments(call: ChildCall, parent: StartRequest) -> list[Any]:
    """Build what the child is started with; a definition is started as every run of Stepfile.

    Args:
        call: The child.
        parent: The request of this run, of which the child inherits what is not of the definition.
    """
    if call.program is None:
        return list(call.args)
    request = StartRequest(
        call.program.bundle,
        entry=call.program.entry,
        limits=call.limits,
        predecessor=call.predecessor,
        repeatable=call.retry is not None,
        storage=parent.storage,
        continue_as_new_after=parent.continue_as_new_after,
        search_attributes=parent.search_attributes,
    )
    return encode_arguments(request, call.args[0])


def _build_details(call: ChildCall) -> str | None:
    description = call.program.definition.description if call.program is not None else None
    return None if description is None else cut_details(description)


async def run_child(call: ChildCall, args: list[RawValue], retry: RetryPolicy | None) -> RawValue | None:
    """Start a child workflow and wait until it has ended.

    Raises:
        StepFailed: it failed, or could not be started.
        asyncio.CancelledError: this run has asked it to stop, and no longer waits for it.
    """
    timeouts = call.timeouts
    starting: asyncio.Task[ChildWorkflowHandle[Any, RawValue | None]] = asyncio.ensure_future(
        workflow.start_child_workflow(
            call.name if call.program is None else build_workflow_type(call.program.definition.name),
            args=args,
            id=call.id,
            task_queue=call.task_queue,
            priority=to_temporal_priority(call.priority),
            result_type=RawValue,
            cancellation_type=ChildWorkflowCancellationType.ABANDON,  # see `_request_cancel`
            parent_close_policy=_WHEN_PARENT_CLOSES[call.parent_close_policy],
            execution_timeout=timeouts.execution,
            run_timeout=timeouts.run,
            task_timeout=timeouts.task,
            retry_policy=retry,
            memo=None if call.program is None else build_memo(call.program.definition, call.program.bundle),
            static_summary=cut_summary(call.summary),
            static_details=_build_details(call),
        )
    )
    asked = await _wait_for_end(starting, asked=False)
    try:
        child = starting.result()
    except WorkflowAlreadyStartedError as error:
        message = (
            f'child workflow "{call.name}" was not started: '
            f'a workflow with the id "{call.id}" is already running'
        )
        failure = Failure("ChildWorkflowAlreadyStarted", message, outcome=Outcome.NOT_STARTED)
        raise StepFailed(failure) from error
    if call.only_started:
        started = {"workflow_id": child.id, "run_id": child.first_execution_run_id}
        return RawValue(workflow.payload_converter().to_payload(started))
    asked = await _wait_for_end(child, asked=asked, stop=lambda: _request_cancel(call))
    if asked and not child.done():
        raise asyncio.CancelledError
    try:
        return child.result()
    except ChildWorkflowError as error:
        raise StepFailed(translate_child_error(error, call, asked=asked)) from error


async def _request_cancel(call: ChildCall) -> bool:
    """Ask a child to stop; whether nobody waits until it has.

    Not by temporalio's handle: it asks the run that was started, and goes unheard when that has continued as new.
    """
    if call.cancellation is not Cancellation.ABANDON:
        with suppress(ApplicationError):  # it has just ended
            await shield(workflow.get_external_workflow_handle(call.id).cancel())
    return call.cancellation is not Cancellation.WAIT


async def _wait_for_end(
    work: asyncio.Task[Any], *, asked: bool, stop: Callable[[], Awaitable[bool]] | None = None
) -> bool:
    """Wait until something has ended, also when a cancellation comes in the same workflow task as its end
    (see `interpreter.temporal.workflow.activity_calls`).

    The server starts a child without any worker. So the start is waited for in any case: a child that may have begun
    must not be lost.

    Args:
        work: What is waited for.
        asked: A cancellation has come before.
        stop: Passes it on, once; true when what is waited for may be left alone then.

    Returns:
        Whether a cancellation has come.
    """
    passed_on = False
    while not work.done():
        try:
            if asked and stop is not None and not passed_on:
                await workflow.wait_condition(lambda: True)
                passed_on = True
                if not work.done() and await stop():
                    break
            await workflow.wait([work])
        except asyncio.CancelledError:
            asked = True
    return asked
