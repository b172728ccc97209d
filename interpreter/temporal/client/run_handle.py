"""A run seen from outside: what the server knows of it, what its worker answers, and how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
)
from temporalio.converter import DataConverter
from temporalio.exceptions import (
    ApplicationError,
    CancelledError,
    FailureError,
    TerminatedError,
)
from temporalio.exceptions import TimeoutError as TemporalTimeout
from temporalio.service import RPCError

from interpreter.program.paths import step_of_activity
from interpreter.state.failed_run import FailedRun
from interpreter.state.inbox import Message
from interpreter.temporal.client.pending_failure import describe_pending_failure
from interpreter.temporal.client.run_problem import (
    RunProblem,
    already_ended,
    translate_errors,
    translate_start_errors,
)
from interpreter.temporal.client.start import NOTHING_SPECIAL, start
from interpreter.temporal.client.start_options import StartOptions
from interpreter.temporal.client.submission import Submission
from interpreter.temporal.wire.names import STATUS_QUERY, is_stepfile_type
from interpreter.temporal.wire.undone_records import decode_records

ANSWER_TIMEOUT = 5.0
"""Seconds that a worker may take to answer. Measured: the SDK tries again beyond its own `rpc_timeout`."""


NOBODY = "no worker answers"


@dataclass(frozen=True, slots=True)
class PendingActivity:
    """An activity that the server waits for."""

    step: str
    """Path of the step, as in the snapshot."""
    activity: str
    attempt: int
    """The one that runs, or that the server will start next."""
    error: str | None
    """Why the attempt before it failed: `ValueError: Invalid hotel ID`."""


ENDED = frozenset({"completed", "failed", "cancelled", "terminated", "timed_out"})


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended."""

    status: str
    """One of `ENDED`."""
    result: Any = None
    error: Mapping[str, Any] | None = None
    """Why the run has not completed: as `error` in expressions, with the `line` in the definition."""
    report: Mapping[str, Any] | None = None
    """What was done about a failure, as in `interpreter.state.report.RunReport`; None if the run has not failed."""


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """All that is known of a run at one moment."""

    workflow_id: str
    run_id: str
    status: str
    """`running`, or that of the ending: the server's word."""
    task_queue: str
    started_at: datetime
    ended_at: datetime | None
    definition: Mapping[str, Any]
    """What the memo tells of the definition: `name`, `version`, `hash`."""
    undone: Mapping[str, str]
    """What the memo tells of effects: path in idempotency keys → `undoing`, `undone` or `not_undone`."""
    pending: tuple[PendingActivity, ...]
    progress: Mapping[str, Any] | None
    """The worker's answer to the query `status`; None if there was none."""
    silence: str | None
    """Why there was no answer."""

    @property
    def has_ended(self) -> bool:
        """Whether there is an `Ending`."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class RunHandle:
    """A run on a server, started by us or by anybody."""

    client: Client
    handle: WorkflowHandle[Any, Any]

    @staticmethod
    def find(client: Client, workflow_id: str, run_id: str | None = None) -> RunHandle:
        """The run with this id, the latest if `run_id` does not name one; not asked for yet."""
        return RunHandle(client, client.get_workflow_handle(workflow_id, run_id=run_id))

    @staticmethod
    async def start(
        client: Client,
        submission: Submission,
        *,
        workflow_id: str | None,
        task_queue: str,
        options: StartOptions = NOTHING_SPECIAL,
        signal: Message | None = None,
    ) -> RunHandle:
        """Start a run.

        Raises:
            RunProblem: the id is taken, or the server refuses.
            MessageRefused: the definition does not take the signal.
        """
        with translate_start_errors(workflow_id or submission.definition.name, options):
            handle = await start(
                client,
                submission,
                workflow_id=workflow_id,
                task_queue=task_queue,
                options=options,
                signal=signal,
            )
        return RunHandle(client, handle)

    @property
    def id(self) -> str:
        """The workflow id."""
        return self.handle.id

    async def take_snapshot(self) -> RunSnapshot:
        """What server and worker know of it now.

        Raises:
            RunProblem: there is no such run, or it is not a run of Stepfile.
        """
        info = await self.describe()
        progress, silence = await self._ask(info.task_queue)
        if silence is not None:
            silence = explain_silence(info, silence)
        memo: Mapping[str, Any] = await info.memo()
        return RunSnapshot(
            workflow_id=info.id,
            run_id=info.run_id,
            status=_read_status(info.status),
            task_queue=info.task_queue,
            started_at=info.start_time,
            ended_at=info.close_time,
            definition={name: memo.get(name) for name in ("name", "version", "hash")},
            undone={path: record.status.value for path, record in decode_records(memo).items()},
            pending=tuple(
                [
                    await _read_pending(each, self.client.data_converter)
                    for each in info.raw_description.pending_activities
                ]
            ),
            progress=progress,
            silence=silence,
        )

    @property
    def run_id(self) -> str | None:
        """Id of this one run of all that have had the id; None where we have neither named nor started it."""
        return self.handle.run_id or self.handle.first_execution_run_id

    async def wait_for_ending(self, *, follow_runs: bool = True) -> Ending:
        """Wait until it has ended; with `follow_runs` so have the runs that took its place (workflow retry).

        Raises:
            RunProblem: there is no such run.
        """
        try:
            with translate_errors(self.id):
                return Ending("completed", await self.handle.result(follow_runs=follow_runs))
        except WorkflowFailureError as error:
            return _classify_ending(error.cause)

    async def cancel(self) -> None:
        """Ask it to stop; it undoes what it has done.

        Raises:
            RunProblem: there is no such run, or it has ended.
        """
        await self.describe_running()  # the server would say nothing
        with translate_errors(self.id):
            await self.handle.cancel()

    async def describe_running(self) -> WorkflowExecutionDescription:
        """What the server knows of it.

        Raises:
            RunProblem: there is no such run, it is not a run of Stepfile, or it has ended.
        """
        info = await self.describe()
        if _read_status(info.status) in ENDED:
            raise already_ended(self.id)
        return info

    async def describe(self) -> WorkflowExecutionDescription:
        """What the server knows of it.

        Raises:
            RunProblem: there is no such run, or it is not a run of Stepfile.
        """
        with translate_errors(self.id):
            info = await self.handle.describe()
        if not is_stepfile_type(info.workflow_type):
            raise RunProblem(
                f'"{self.id}" is not a run of Stepfile: its workflow type is {info.workflow_type}'
            )
        return info

    async def _ask(self, task_queue: str) -> tuple[dict[str, Any] | None, str | None]:
        """The step tree, or why there is none."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                if not await has_workers(self.client, task_queue):
                    return None, NOBODY
                answer: dict[str, Any] = await self.handle.query(STATUS_QUERY, result_type=dict)
        except WorkflowQueryFailedError as error:
            return None, f"the worker can't show the steps: {error.message}"
        except (RPCError, TimeoutError):  # no worker took it; whether the server answers, `describe` tells
            return None, NOBODY
        return answer, None


async def has_workers(client: Client, task_queue: str) -> bool:
    """Whether any worker has asked for work in the last minutes. Without one, who asks a run waits in vain."""
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    return bool(described.pollers)


def describe_missing_workers(task_queue: str) -> str:
    """What to say where there are none."""
    return f'{NOBODY} on task queue "{task_queue}": start one with `stepfile worker`'


def explain_silence(info: WorkflowExecutionDescription, silence: str = NOBODY) -> str:
    """What keeps a run from answering."""
    attempt = info.raw_description.pending_workflow_task.attempt
    if attempt > 1:
        return f"the workers fail to continue the run (attempt {attempt}); their logs say why"
    if info.execution_time is not None and info.execution_time > datetime.now(UTC):
        return f"the run begins at {info.execution_time:%Y-%m-%d %H:%M:%S} UTC"
    if silence == NOBODY:
        return describe_missing_workers(info.task_queue)
    return silence


def _read_status(status: WorkflowExecutionStatus | None) -> str:
    if status is WorkflowExecutionStatus.CANCELED:
        return "cancelled"  # as the language spells it
    return status.name.lower() if status else "unknown"


async def _read_pending(info: PendingActivityInfo, converter: DataConverter) -> PendingActivity:
    failed = info.attempt > 1 and info.HasField("last_failure")
    return PendingActivity(
        step=step_of_activity(info.activity_id),
        activity=info.activity_type.name,
        attempt=max(info.attempt, 1),
        error=await describe_pending_failure(info.last_failure, converter) if failed else None,
    )


def _classify_ending(cause: BaseException | None) -> Ending:
    match cause:
        case CancelledError():
            return Ending("cancelled")
        case TerminatedError():
            return Ending("terminated", error=_build_error("Terminated", cause.message))
        case TemporalTimeout():
            return Ending("timed_out", error=_build_error("Timeout.Run", "the run timed out"))
        case ApplicationError():
            told = FailedRun.from_details(cause.details[0]) if cause.details else None
            if told is not None:
                error = {**told.failure.to_json(), "line": told.line}
                return Ending("failed", error=error, report=told.report)
            return Ending("failed", error=_build_error(cause.type or "ApplicationError", cause.message))
        case FailureError():
            return Ending("failed", error=_build_error(type(cause).__name__, cause.message))
        case _:
            return Ending("failed", error=_build_error("Unknown", str(cause)))


def _build_error(kind: str, message: str) -> dict[str, Any]:
    return {"type": kind, "message": message}
