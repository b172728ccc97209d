"""Create, read and change Temporal's schedules that start runs of a definition."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleHandle,
    ScheduleIntervalSpec,
    ScheduleListActionStartWorkflow,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
)
from temporalio.service import RPCError, RPCStatusCode

from dsl.problems.snippet import make_printable
from dsl.scalars.duration import format_duration
from dsl.scalars.text import is_sendable
from interpreter.temporal.client.decoding import read_memo
from interpreter.temporal.client.refused_times import explain_refused_times
from interpreter.temporal.client.rpc_errors import describe_rpc_error
from interpreter.temporal.client.schedule_options import Overlap, ScheduleOptions
from interpreter.temporal.client.search_attributes import find_search_attributes
from interpreter.temporal.client.start import build_run_memo, build_start_arguments
from interpreter.temporal.client.submission import Submission
from interpreter.temporal.problem import TemporalProblem
from interpreter.temporal.wire.names import DEFAULT_TASK_QUEUE, is_stepfile_type


class ScheduleProblem(TemporalProblem):
    """There is no such schedule, or nothing can be done with it."""


@dataclass(frozen=True, slots=True)
class ScheduleSummary:
    """A `ScheduleSummary` is what the server says of a schedule in its list."""

    id: str
    definition: Mapping[str, Any]
    """The `name`, `version` and `hash` of the definition of its runs; only the name if `undecodable` says why."""
    timing: tuple[str, ...]
    """When it starts runs, such as `0 9 * * 1-5` or `every 1h`."""
    time_zone: str | None
    paused: bool
    note: str | None
    next: tuple[datetime, ...]
    """The next times at which it starts runs."""
    recent: tuple[tuple[datetime, str], ...]
    """The times at which it has started its last runs, and their workflow ids."""
    undecodable: str | None
    """Why all of the definition but its name can't be decoded here; None if it could."""


@dataclass(frozen=True, slots=True)
class ScheduleDescription(ScheduleSummary):
    """A `ScheduleDescription` is all that the server says of one schedule."""

    task_queue: str
    overlap: Overlap
    running: tuple[str, ...]
    """The workflow ids of its runs that have not ended."""
    started: int
    """How many runs it has started."""
    skipped: int
    """How often it was time and it started no run, because the run before was still running."""


async def create_schedule(
    client: Client,
    submission: Submission,
    options: ScheduleOptions,
    *,
    schedule_id: str | None = None,
    task_queue: str = DEFAULT_TASK_QUEUE,
) -> ScheduleHandle:
    """Create a schedule, by which Temporal starts runs.

    The schedule keeps the definition and the input as they are now, whatever becomes of the file.

    Args:
        client: A connection, as from `connect`.
        submission: What `prepare` has returned.
        options: When to start runs, and what to do if the run before is still running.
        schedule_id: The id of the schedule; its runs have this id with their time appended. If None, it is the name
            of the definition.
        task_queue: The task queue that a Stepfile worker takes work from.

    Returns:
        The handle of temporalio, which has `pause()`, `trigger()`, `describe()` and `delete()`.

    Raises:
        temporalio.client.ScheduleAlreadyRunningError: the id is taken.
        temporalio.service.RPCError: the server does not understand a cron expression or the time zone.
    """
    schedule_id = schedule_id or submission.definition.name
    attributes = await find_search_attributes(client)
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            **build_start_arguments(client, submission, schedule_id, task_queue, search_attributes=attributes)
        ),
        spec=ScheduleSpec(
            cron_expressions=[f"{each} #{each}" for each in options.cron],
            intervals=[ScheduleIntervalSpec(every=each) for each in options.every],
            time_zone_name=options.time_zone,
        ),
        policy=SchedulePolicy(overlap=_encode_overlap(options.overlap)),
        state=ScheduleState(note=options.note, paused=options.paused),
    )
    return await client.create_schedule(schedule_id, schedule, memo=build_run_memo(submission))


@dataclass(frozen=True, slots=True)
class StepfileSchedule:
    """A `StepfileSchedule` is a schedule on a server, whose errors are explained to the user."""

    handle: ScheduleHandle

    @staticmethod
    def find(client: Client, schedule_id: str) -> StepfileSchedule:
        """Make an object for the schedule with this id; the server is not asked yet whether there is one.

        Raises:
            ScheduleProblem: no schedule can have this id.
        """
        _check_id(schedule_id)
        return StepfileSchedule(client.get_schedule_handle(schedule_id))

    @staticmethod
    async def create(
        client: Client,
        submission: Submission,
        options: ScheduleOptions,
        *,
        schedule_id: str | None,
        task_queue: str,
    ) -> StepfileSchedule:
        """Create a schedule as `create_schedule` does.

        Raises:
            ScheduleProblem: no schedule can have this id, it is taken, or the server refuses the schedule.
        """
        if schedule_id is not None:
            _check_id(schedule_id)
        name = schedule_id or submission.definition.name
        try:
            with _translate_errors(name):
                handle = await _create(client, submission, options, name, task_queue)
        except ScheduleAlreadyRunningError:
            raise ScheduleProblem(
                f'there is a schedule with the id "{make_printable(name)}" already',
                f"choose another --id, or `stepfile schedule delete {make_printable(name)}`",
            ) from None
        return StepfileSchedule(handle)

    @property
    def id(self) -> str:
        """Return the id of the schedule."""
        return self.handle.id

    async def describe(self) -> ScheduleDescription:
        """Ask the server for all that it knows of the schedule.

        Raises:
            ScheduleProblem: there is no such schedule, or it does not start runs of Stepfile.
        """
        with _translate_errors(self.id):
            described = await self.handle.describe()
        action, info = described.schedule.action, described.info
        if not isinstance(action, ScheduleActionStartWorkflow) or not is_stepfile_type(action.workflow):
            raise ScheduleProblem(f'"{make_printable(self.id)}" is not a schedule of Stepfile')
        return ScheduleDescription(
            **await _read_summary(described),
            task_queue=action.task_queue,
            overlap=_decode_overlap(described.schedule.policy.overlap),
            running=tuple(_read_workflow_id(each) for each in info.running_actions),
            started=info.num_actions,
            skipped=info.num_actions_skipped_overlap,
        )

    async def pause(self, note: str | None) -> None:
        """Let the schedule start no runs until `unpause`; if `note` is None, its note stays.

        Raises:
            ScheduleProblem: there is no such schedule, or it does not start runs of Stepfile.
        """
        known = await self.describe()
        with _translate_errors(self.id):
            await self.handle.pause(note=note or known.note or "paused by stepfile")

    async def unpause(self, note: str | None) -> None:
        """Let the schedule start runs again; if `note` is None, its note stays.

        Raises:
            ScheduleProblem: there is no such schedule, or it does not start runs of Stepfile.
        """
        known = await self.describe()
        with _translate_errors(self.id):
            await self.handle.unpause(note=note or known.note or "unpaused by stepfile")

    async def trigger(self, overlap: Overlap | None) -> None:
        """Let the schedule start a run now, as if it were time.

        Args:
            overlap: What to do if a run is still running; if None, what the schedule says.

        Raises:
            ScheduleProblem: there is no such schedule, or it does not start runs of Stepfile.
        """
        await self.describe()
        with _translate_errors(self.id):
            await self.handle.trigger(overlap=_encode_overlap(overlap) if overlap else None)

    async def delete(self) -> None:
        """Delete the schedule; the runs that it has started continue.

        Raises:
            ScheduleProblem: there is no such schedule, or it does not start runs of Stepfile.
        """
        await self.describe()
        with _translate_errors(self.id):
            await self.handle.delete()


async def list_schedules(client: Client) -> AsyncIterator[ScheduleSummary]:
    """List the schedules that start runs of Stepfile.

    A new schedule may be missing for a moment, because the server lists what is in its index.
    """
    async for listed in await client.list_schedules():
        schedule = listed.schedule
        action = schedule.action if schedule else None
        if isinstance(action, ScheduleListActionStartWorkflow) and is_stepfile_type(action.workflow):
            yield ScheduleSummary(**await _read_summary(listed))


async def _read_summary(described: Any) -> dict[str, Any]:
    """Read what a description and an entry of the list both have."""
    schedule, info = described.schedule, described.info
    memo, undecodable = await read_memo(described, schedule.action.workflow)
    return {
        "id": described.id,
        "definition": memo,
        "timing": tuple(_format_timing(schedule.spec)),
        "time_zone": schedule.spec.time_zone_name,
        "paused": schedule.state.paused,
        "note": schedule.state.note,
        "next": tuple(info.next_action_times),
        "recent": tuple((each.started_at, _read_workflow_id(each.action)) for each in info.recent_actions),
        "undecodable": None if undecodable is None else str(undecodable),
    }


async def _create(
    client: Client, submission: Submission, options: ScheduleOptions, schedule_id: str, task_queue: str
) -> ScheduleHandle:
    """
    Raises:
        ScheduleProblem: the server does not understand a cron expression or the time zone.
    """
    try:
        return await create_schedule(
            client, submission, options, schedule_id=schedule_id, task_queue=task_queue
        )
    except RPCError as error:
        if refused := explain_refused_times(error, options.cron, options.time_zone):
            raise ScheduleProblem(*refused) from error
        raise


def _check_id(schedule_id: str) -> None:
    """Check that a schedule can have this id.

    Raises:
        ScheduleProblem: it is empty, or no text that can be sent.
    """
    if not schedule_id:
        raise ScheduleProblem("the id of a schedule is empty")
    if not is_sendable(schedule_id):
        raise ScheduleProblem(
            f'"{make_printable(schedule_id)}" can\'t be the id of a schedule: it is not UTF-8'
        )


def _format_timing(spec: ScheduleSpec) -> Iterator[str]:
    """Format the times of a schedule.

    The server turns cron expressions into calendars; the comment of a calendar is the expression as it was written.
    """
    yield from (calendar.comment or "a calendar" for calendar in spec.calendars)
    yield from (f"every {format_duration(interval.every)}" for interval in spec.intervals)


def _read_workflow_id(action: Any) -> str:
    return action.workflow_id if isinstance(action, ScheduleActionExecutionStartWorkflow) else ""


def _encode_overlap(overlap: Overlap) -> ScheduleOverlapPolicy:
    return ScheduleOverlapPolicy[overlap.upper().replace("-", "_")]


def _decode_overlap(policy: ScheduleOverlapPolicy) -> Overlap:
    word: Overlap = policy.name.lower().replace("_", "-")  # type: ignore[assignment]
    return word


@contextmanager
def _translate_errors(schedule_id: str) -> Generator[None]:
    """Translate the errors of requests about a schedule that are made inside the block.

    Raises:
        ScheduleProblem: the server refuses a request.
    """
    try:
        yield
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise ScheduleProblem(
                f'there is no schedule with the id "{make_printable(schedule_id)}"',
                "`stepfile schedule list` shows all",
            ) from None
        raise ScheduleProblem(describe_rpc_error(error)) from error
