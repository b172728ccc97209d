"""Start runs of definitions: now, with a message that comes along, or whenever a schedule says so."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowUpdateHandle,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    WorkflowUpdateStage,
)
from temporalio.common import RetryPolicy, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from dsl.definition.defaults import resolve_retry_policy
from dsl.model import Definition
from interpreter.calls.priorities import overlay_priority
from interpreter.effects import TaskPriority
from interpreter.messages.declared import Kind, check_message
from interpreter.predecessor import NO_PREDECESSOR, Predecessor
from interpreter.state.inbox import Message
from interpreter.temporal.client.predecessor import find_predecessor
from interpreter.temporal.client.search_attributes import find_search_attributes
from interpreter.temporal.client.start_options import StartOptions
from interpreter.temporal.client.submission import Submission
from interpreter.temporal.data.external_storage import find_storage_limits
from interpreter.temporal.wire.names import DEFAULT_TASK_QUEUE, build_workflow_type, is_stepfile_type
from interpreter.temporal.wire.priority import to_temporal_priority
from interpreter.temporal.wire.request import StartRequest, build_memo, encode_arguments
from interpreter.temporal.wire.retry_policy import to_temporal_policy
from interpreter.temporal.wire.storage_limits import find_excess_weight
from interpreter.temporal.wire.user_metadata import cut_details

NOTHING_SPECIAL = StartOptions()


async def start(
    client: Client,
    submission: Submission,
    *,
    workflow_id: str | None = None,
    task_queue: str = DEFAULT_TASK_QUEUE,
    options: StartOptions = NOTHING_SPECIAL,
    signal: Message | None = None,
) -> WorkflowHandle[Any, Any]:
    """Start a run.

    Args:
        client: A connection, as from `connect`.
        submission: What `prepare` returned.
        workflow_id: Without it, the definition's name and a random part.
        task_queue: Where a Stepfile worker takes work from.
        options: When it starts, and what becomes of another run with its id.
        signal: Sent along (Temporal's signal-with-start): to the run that goes on with this id, if there is one,
            which may be of another definition; else to the new one.

    Returns:
        temporalio's handle: `await handle.result()`, `handle.cancel()`, `handle.query("status")`.

    Raises:
        temporalio.exceptions.WorkflowAlreadyStartedError: the id is taken; if by a workflow that is no run of a
            definition, also where `options` say what is to become of an existing run.
        InvalidOptions: the options do not fit together.
        MessageRefused: the definition does not take the signal.
    """
    before = await _find_predecessor(client, submission, workflow_id, options)
    attributes = await find_search_attributes(client)
    arguments = build_start_arguments(client, submission, workflow_id, task_queue, before, attributes)
    if signal is not None:
        check_message(submission.definition, "signal", signal.name, signal.payload)
        arguments |= {"start_signal": signal.name, "start_signal_args": [signal.payload]}
    arguments |= _build_option_arguments(submission, options, "signal" if signal else None)
    await _check_existing(client, arguments)
    return await client.start_workflow(**arguments)


async def start_with_update(
    client: Client,
    submission: Submission,
    update: Message,
    *,
    workflow_id: str | None = None,
    task_queue: str = DEFAULT_TASK_QUEUE,
    options: StartOptions = NOTHING_SPECIAL,
) -> tuple[WorkflowHandle[Any, Any], WorkflowUpdateHandle[Any]]:
    """Start a run and send it an update, unless a run with this id goes on: then only send the update.

    It needs a worker: it waits until one has looked at the update.

    Returns:
        The handle of the run, which goes on also when the update is refused, and that of the update:
        `await update.result()`.

    Raises:
        temporalio.exceptions.WorkflowAlreadyStartedError: the id is taken; if by a workflow that is no run of a
            definition, also where `options` say what is to become of an existing run.
        InvalidOptions: the options do not fit together.
        MessageRefused: the definition does not take the update.
    """
    check_message(submission.definition, "update", update.name, update.payload)
    before = await _find_predecessor(client, submission, workflow_id, options)
    attributes = await find_search_attributes(client)
    arguments = build_start_arguments(client, submission, workflow_id, task_queue, before, attributes)
    arguments |= _build_option_arguments(submission, options, "update")
    await _check_existing(client, arguments)
    operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(**arguments)
    try:
        # temporalio has overloads for `args` without their types.
        sent = await client.start_update_with_start_workflow(  # pyright: ignore[reportUnknownMemberType]
            update.name,
            update.payload,
            start_workflow_operation=operation,
            wait_for_stage=WorkflowUpdateStage.ACCEPTED,
        )
    except (RPCError, WorkflowAlreadyStartedError, WorkflowUpdateRPCTimeoutOrCancelledError):
        await (
            operation.workflow_handle()
        )  # the same error: asyncio complains about one that nobody has fetched
        raise
    return await operation.workflow_handle(), sent


async def _check_existing(client: Client, arguments: Mapping[str, Any]) -> None:
    """Check that an existing workflow that is sent a message, taken for the new run or terminated is one of ours.

    Raises:
        WorkflowAlreadyStartedError: it is not.
    """
    if arguments["id_conflict_policy"] is WorkflowIDConflictPolicy.FAIL:
        return
    workflow_id = arguments["id"]
    try:
        existing = await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return
        raise
    if existing.status is WorkflowExecutionStatus.RUNNING and not is_stepfile_type(existing.workflow_type):
        raise WorkflowAlreadyStartedError(workflow_id, existing.workflow_type)


async def _find_predecessor(
    client: Client, submission: Submission, workflow_id: str | None, options: StartOptions
) -> Predecessor:
    if not workflow_id:
        return NO_PREDECESSOR
    replaces = options.id_conflict == "terminate-existing"
    return await find_predecessor(client, workflow_id, submission.bundle, replaces_running=replaces)


def build_start_arguments(
    client: Client,
    submission: Submission,
    workflow_id: str | None,
    task_queue: str,
    before: Predecessor = NO_PREDECESSOR,
    search_attributes: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Build what temporalio is told of a run, whoever starts it; the names are temporalio's."""
    request = StartRequest(
        submission.bundle,
        storage=find_storage_limits(client.data_converter),
        predecessor=before,
        search_attributes=search_attributes,
    )
    definition = submission.definition
    timeouts = definition.timeouts
    return {
        "workflow": build_workflow_type(definition.name),
        "args": encode_arguments(request, submission.input),
        "id": workflow_id or make_workflow_id(submission),
        "task_queue": task_queue,
        "execution_timeout": timeouts.execution,
        "run_timeout": timeouts.run,
        "task_timeout": timeouts.task,
        "retry_policy": _build_workflow_retry(definition),
        "memo": build_run_memo(submission),
        "priority": to_temporal_priority(submission.priority),
        "static_summary": definition.name,
        "static_details": None if definition.description is None else cut_details(definition.description),
    }


def find_excess_of_start(client: Client, submission: Submission) -> str | None:
    """Say that a run can't be started, because its input is too large; None if it is not.

    It is measured before a codec changes it, as everything that a run sends.
    """
    storage = find_storage_limits(client.data_converter)
    arguments = encode_arguments(StartRequest(submission.bundle, storage=storage), submission.input)
    payloads = client.data_converter.payload_converter.to_payloads(arguments)
    return find_excess_weight(payloads, "the input with the definition", storage)


def _build_option_arguments(
    submission: Submission, options: StartOptions, message: Kind | None
) -> dict[str, Any]:
    options.check(message)
    own = TaskPriority(options.priority_key, options.fairness_key, options.fairness_weight)
    conflict = options.id_conflict or ("use-existing" if message else "fail")
    return {
        "start_delay": options.start_delay,
        "cron_schedule": options.cron or "",
        "id_reuse_policy": WorkflowIDReusePolicy[_format_constant(options.id_reuse)],
        "id_conflict_policy": WorkflowIDConflictPolicy[_format_constant(conflict)],
        "priority": to_temporal_priority(overlay_priority(submission.priority, own)),
    }


def _format_constant(word: str) -> str:
    return word.upper().replace("-", "_")


def make_workflow_id(submission: Submission) -> str:
    """An id that no run has: the definition's name and a random part."""
    return f"{submission.definition.name}-{uuid.uuid4().hex[:12]}"


def build_run_memo(submission: Submission) -> dict[str, Any]:
    """What every run carries for people and tools: which definition it is a run of."""
    return build_memo(submission.definition, submission.bundle)


def _build_workflow_retry(definition: Definition) -> RetryPolicy | None:
    if definition.retry is None:
        return None
    return to_temporal_policy(resolve_retry_policy(definition, definition.retry))
