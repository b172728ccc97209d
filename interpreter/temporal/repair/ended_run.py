"""A run that has ended, as the server knows it: with what it was started, and how it can be started again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent, WorkflowExecutionStartedEventAttributes
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHandle
from temporalio.common import (
    Priority,
    RetryPolicy,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.converter import decode_typed_search_attributes
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from interpreter.temporal.client.decoding import CODEC_HINT, Undecodable, translate_decoding_errors
from interpreter.temporal.client.ending import read_status, say_status
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.run_problem import AnswerLost, RunProblem, translate_errors
from interpreter.temporal.client.search_attributes import find_search_attributes
from interpreter.temporal.client.undoing import describe_undoing, is_undoing
from interpreter.temporal.repair.problem import RepairProblem
from interpreter.temporal.wire.formats import WorkflowTaskRefused
from interpreter.temporal.wire.repair_record import REPAIR_KEY, RepairRecord, read_parent
from interpreter.temporal.wire.request import InvalidRequest, StartRequest, decode_arguments
from interpreter.temporal.wire.search_attributes import SEARCH_ATTRIBUTES
from interpreter.temporal.wire.storage_limits import find_excess_weight
from interpreter.temporal.wire.undone_records import PREFIX

REPAIRABLE = frozenset({"failed", "cancelled", "terminated", "timed_out"})


@dataclass(frozen=True, slots=True)
class EndedRun:
    """The last run under a workflow id, which has not completed."""

    client: Client
    handle: WorkflowHandle[Any, Any]
    """The handle of this one run."""
    info: WorkflowExecutionDescription
    first: HistoryEvent
    """The event of its start."""
    arguments: Sequence[Any]
    """What it was started with, decoded."""
    request: StartRequest
    memo: Mapping[str, Any]

    @property
    def status(self) -> str:
        """How it has ended."""
        return read_status(self.info.status)

    @property
    def started(self) -> WorkflowExecutionStartedEventAttributes:
        """What the server has noted of its start."""
        return self.first.workflow_execution_started_event_attributes

    @property
    def parent(self) -> str | None:
        """The workflow id of the run whose child it is, or was before it was repaired by itself."""
        return read_parent(self.info.parent_id, self.memo)

    @staticmethod
    async def find(client: Client, workflow_id: str) -> EndedRun:
        """Find the last run under an id.

        Raises:
            RunProblem: there is no such run, or it is not a run of Stepfile.
            RepairProblem: it has not ended, has completed, or can't be read.
        """
        run = RunHandle.find(client, workflow_id)
        info = await run.describe()
        await _refuse_status(run, info)
        handle = client.get_workflow_handle(workflow_id, run_id=info.run_id)
        try:
            first = await anext(handle.fetch_history_events(page_size=1))
            started = first.workflow_execution_started_event_attributes
            with translate_decoding_errors():
                arguments = await client.data_converter.decode(started.input.payloads)
                memo = await info.memo()
            _, request = decode_arguments(arguments)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            raise RepairProblem(f'the history of the run "{workflow_id}" is gone') from None
        except Undecodable as error:
            message = f'what the run "{workflow_id}" was started with can\'t be decoded here: {error}'
            raise RepairProblem(message, CODEC_HINT) from None
        except (InvalidRequest, WorkflowTaskRefused) as error:
            message = f'what the run "{workflow_id}" was started with can\'t be read: {error}'
            raise RepairProblem(message) from None
        if request.only is not None:
            raise RepairProblem(
                f'"{workflow_id}" is the redrive of a dead letter, which runs one step',
                "`stepfile dlq redrive` tries it again",
            )
        return EndedRun(client, handle, info, first, arguments, request, memo)

    async def start_again(
        self, arguments: Sequence[Any], memo: Mapping[str, Any], repair: RepairRecord
    ) -> WorkflowHandle[Any, Any]:
        """Start another run under the same id, with the options of this one.

        Args:
            arguments: What it is started with.
            memo: What its memo has beside the entries of this run's that are not about what was undone.
            repair: Who starts it, and why.

        Raises:
            RepairProblem: the id was used again since this run was looked at, or the arguments are too large.
            RunProblem: it can't be looked whether it was, so nothing was started.
            AnswerLost: it is not known whether the run was started.
        """
        data, request = arguments
        names = await find_search_attributes(self.client)
        told = {"search_attributes": list(names)} if names else {}
        arguments = [data, {**_leave_out(request, "search_attributes"), **told}]
        payloads = self.client.data_converter.payload_converter.to_payloads(arguments)
        if excess := find_excess_weight(payloads, "what the new run needs", self.request.storage):
            raise RepairProblem(excess)
        own = {key: value for key, value in self.memo.items() if not key.startswith(PREFIX)}
        options = await self._read_options()
        # A server can't start a run on the condition that a certain run is the latest one, so that is looked at just
        # before. What happens in the milliseconds after the look: if a later run is open then or has completed, the
        # server refuses (ALLOW_DUPLICATE_FAILED_ONLY). A later run that has both begun and failed is not seen.
        await self._refuse_later_run()
        try:
            with translate_errors(self.info.id):
                return await self.client.start_workflow(
                    self.started.workflow_type.name,
                    args=arguments,
                    memo={**own, **memo, REPAIR_KEY: repair.to_json()},
                    **options,
                )
        except WorkflowAlreadyStartedError:
            await self._refuse_later_run()
            raise RepairProblem(
                f'a run with the id "{self.info.id}" goes on already, or has completed'
            ) from None

    async def _refuse_later_run(self) -> None:
        """
        Raises:
            RepairProblem: another run has followed this one, so what was found out about it is true no more.
            RunProblem: this can't be looked at.
        """
        workflow_id = self.info.id
        try:
            with translate_errors(workflow_id):
                latest = await self.client.get_workflow_handle(workflow_id).describe()
        except AnswerLost as lost:  # only the look is lost: whoever has called knows that nothing was started
            raise RunProblem(lost.message, lost.hint) from lost
        if latest.run_id != self.info.run_id:
            raise self.say_used_again(latest)

    def say_used_again(self, latest: WorkflowExecutionDescription | None = None) -> RepairProblem:
        """Make the problem that a plan is not true any more.

        Args:
            latest: The run that has followed the planned one; None if it is this one.
        """
        does = say_status(read_status((latest or self.info).status))
        return RepairProblem(
            f'"{self.info.id}" was used again since the plan was made: a later run {does}; nothing was started',
            "give the command again: it plans anew, from the later run",
        )

    async def _read_options(self) -> dict[str, Any]:
        started, said = self.started, self.first.user_metadata
        retried = started.HasField("retry_policy")
        return {
            "id": self.info.id,
            "task_queue": started.task_queue.name,
            "execution_timeout": started.workflow_execution_timeout.ToTimedelta() or None,
            "run_timeout": started.workflow_run_timeout.ToTimedelta() or None,
            "task_timeout": started.workflow_task_timeout.ToTimedelta() or None,
            "retry_policy": RetryPolicy.from_proto(started.retry_policy) if retried else None,
            "search_attributes": _read_search_attributes(started),
            "priority": _read_priority(started),
            "static_summary": await self._read_text(said.summary),
            "static_details": await self._read_text(said.details),
            "id_reuse_policy": WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            "id_conflict_policy": WorkflowIDConflictPolicy.FAIL,
        }

    async def _read_text(self, payload: Payload) -> str | None:
        if not payload.data:
            return None
        (text,) = await self.client.data_converter.decode([payload], [str])
        return str(text)


async def _refuse_status(run: RunHandle, info: WorkflowExecutionDescription) -> None:
    status = read_status(info.status)
    if status in REPAIRABLE:
        return
    if status == "completed":
        raise RepairProblem(
            f'the run "{run.id}" has completed, so there is nothing to repair',
            f"to run the definition once more, use `stepfile submit FILE --id {run.id}`",
        )
    if await is_undoing(run, info):
        message = f'the run "{run.id}" has not ended: it is undoing what it has done'
        raise RepairProblem(message, describe_undoing(run.id))
    raise RepairProblem(
        f'the run "{run.id}" has not ended: it is {status}',
        f"`stepfile status {run.id}` shows it; `stepfile cancel {run.id}` stops it, "
        "unless it is undoing what it has done already",
    )


def _leave_out(request: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in request.items() if name != key}


def _read_priority(started: WorkflowExecutionStartedEventAttributes) -> Priority:
    told = started.priority
    return Priority(told.priority_key or None, told.fairness_key or None, told.fairness_weight or None)


def _read_search_attributes(started: WorkflowExecutionStartedEventAttributes) -> TypedSearchAttributes | None:
    """Read the search attributes of a start. Those of the server no client may set, and ours tell of that run."""
    found = cast(
        "Iterable[SearchAttributePair[Any]]", decode_typed_search_attributes(started.search_attributes)
    )
    own = [pair for pair in found if not _is_written_for_us(pair.key.name)]
    return TypedSearchAttributes(own) if own else None


def _is_written_for_us(name: str) -> bool:
    return name.startswith(("Temporal", "BuildIds")) or name in SEARCH_ATTRIBUTES
