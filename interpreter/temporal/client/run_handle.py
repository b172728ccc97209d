"""A run seen from outside: what the server knows of it, what its worker answers, and how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
)
from temporalio.converter import DataConverter
from temporalio.service import RPCError

from interpreter.program.paths import step_of_activity
from interpreter.state.inbox import Message
from interpreter.temporal.client.decoding import (
    Undecodable,
    describe_query_failure,
    read_memo,
    translate_decoding_errors,
)
from interpreter.temporal.client.ending import (
    ENDED,
    Ending,
    classify_ending,
    read_status,
    read_undecodable_ending,
)
from interpreter.temporal.client.kept_failures import describe_pending_failure
from interpreter.temporal.client.queue_workers import QueueWorkers, find_workers
from interpreter.temporal.client.run_problem import (
    RunProblem,
    already_ended,
    check_id,
    translate_errors,
    translate_start_errors,
)
from interpreter.temporal.client.silence import ANSWER_TIMEOUT, explain_silence
from interpreter.temporal.client.start import NOTHING_SPECIAL, start
from interpreter.temporal.client.start_options import StartOptions
from interpreter.temporal.client.submission import Submission
from interpreter.temporal.wire.names import STATUS_QUERY, is_stepfile_type
from interpreter.temporal.wire.undone_records import decode_records


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
    task_queue: str = ""
    """Whose workers make the attempts; empty if the server does not tell."""
    due_at: datetime | None = None
    """Since when the attempt waits for a worker, or from when on it will; None while it runs."""
    paused: bool = False
    """Whether somebody has paused the activity."""


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
    taken_at: datetime
    undecodable: str | None = None
    """Why some of what is known can't be decoded here; None if all of it could."""

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
        """The run with this id, the latest if `run_id` does not name one; not asked for yet.

        Raises:
            RunProblem: no run can have this id.
        """
        check_id(workflow_id)
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
        if workflow_id is not None:
            check_id(workflow_id)
        async with translate_start_errors(client, workflow_id or submission.definition.name, options):
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
        return await build_snapshot(info, await self.ask_for_progress(info), self.client.data_converter)

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
            with translate_errors(self.id), translate_decoding_errors():
                return Ending("completed", await self.handle.result(follow_runs=follow_runs))
        except WorkflowFailureError as error:
            return classify_ending(error.cause)
        except Undecodable as error:
            # The runs that took its place have its id, and the last of them has ended.
            last = self.client.get_workflow_handle(self.id) if follow_runs else self.handle
            with translate_errors(self.id):
                return await read_undecodable_ending(last, str(error))

    async def cancel(self) -> WorkflowExecutionDescription:
        """Ask it to stop; it undoes what it has done.

        Returns:
            What the server knew of it just before.

        Raises:
            RunProblem: there is no such run, or it has ended.
        """
        before = await self.describe_running()  # the server would say nothing
        with translate_errors(self.id):
            await self.handle.cancel()
        return before

    async def describe_running(self) -> WorkflowExecutionDescription:
        """What the server knows of it.

        Raises:
            RunProblem: there is no such run, it is not a run of Stepfile, or it has ended.
        """
        info = await self.describe()
        if read_status(info.status) in ENDED:
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

    async def ask_for_progress(self, info: WorkflowExecutionDescription) -> Answer:
        """Ask the worker for the step tree."""
        workers = QueueWorkers(info.task_queue)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                workers = await find_workers(self.client, info.task_queue)
                if workers.pollers:
                    with translate_decoding_errors():
                        return Answer(await self.handle.query(STATUS_QUERY, result_type=dict))
        except WorkflowQueryFailedError as error:
            return Answer(silence=f"the worker can't show the steps: {describe_query_failure(error)}")
        except Undecodable as error:
            return Answer(undecodable=str(error))
        except (RPCError, TimeoutError):  # no worker took it; whether the server answers, `describe` tells
            pass
        return Answer(silence=explain_silence(info, workers))


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of the question for the step tree."""

    progress: Mapping[str, Any] | None = None
    """The step tree, and what else the worker tells; None if there was no answer."""
    silence: str | None = None
    """Why there was no answer."""
    undecodable: str | None = None
    """Why the answer can't be decoded here."""


async def build_snapshot(
    info: WorkflowExecutionDescription, answer: Answer, converter: DataConverter
) -> RunSnapshot:
    """Join what the server knows of a run with what its worker has answered."""
    memo, problem = await read_memo(info, info.workflow_type)
    return RunSnapshot(
        workflow_id=info.id,
        run_id=info.run_id,
        status=read_status(info.status),
        task_queue=info.task_queue,
        started_at=info.start_time,
        ended_at=info.close_time,
        definition={name: memo.get(name) for name in ("name", "version", "hash")},
        undone={path: record.status.value for path, record in decode_records(memo).items()},
        pending=await read_pending(info, converter),
        progress=answer.progress,
        silence=answer.silence,
        taken_at=datetime.now(UTC),
        undecodable=str(problem) if problem is not None else answer.undecodable,
    )


async def read_pending(
    info: WorkflowExecutionDescription, converter: DataConverter
) -> tuple[PendingActivity, ...]:
    """The activities that the server waits for."""
    return tuple([await _read_one(each, converter) for each in info.raw_description.pending_activities])


async def _read_one(info: PendingActivityInfo, converter: DataConverter) -> PendingActivity:
    failed = info.attempt > 1 and info.HasField("last_failure")
    return PendingActivity(
        step=step_of_activity(info.activity_id),
        activity=info.activity_type.name,
        attempt=max(info.attempt, 1),
        error=await describe_pending_failure(info.last_failure, converter) if failed else None,
        task_queue=info.activity_options.task_queue.name,
        due_at=_read_due_time(info),
        paused=info.paused,
    )


def _read_due_time(info: PendingActivityInfo) -> datetime | None:
    if info.state != PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED:
        return None
    due = (
        info.next_attempt_schedule_time
        if info.HasField("next_attempt_schedule_time")
        else info.scheduled_time
    )
    return due.ToDatetime(UTC)
