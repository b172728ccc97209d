"""Temporal's schedules, whose action is to start runs of a definition."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
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

from dsl.scalars.duration import format_duration
from interpreter.temporal.client.schedule_options import Overlap, ScheduleOptions
from interpreter.temporal.client.start import build_run_memo, build_start_arguments
from interpreter.temporal.client.submission import Submission
from interpreter.temporal.problem import TemporalProblem
from interpreter.temporal.wire.names import DEFAULT_TASK_QUEUE, is_stepfile_type


class ScheduleProblem(TemporalProblem):
    """There is no such schedule, or nothing can be done with it."""


@dataclass(frozen=True, slots=True)
class ScheduleSummary:
    """A schedule, as the server has it."""

    id: str
    definition: Mapping[str, Any]
    """Which one its runs are of: `name`, `version`, `hash`."""
    timing: tuple[str, ...]
    """`0 9 * * 1-5`, `every 1h`."""
    time_zone: str | None
    paused: bool
    note: str | None
    next: tuple[datetime, ...]
    """When it will start runs."""
    recent: tuple[tuple[datetime, str], ...]
    """When it has started runs, and their workflow ids."""


@dataclass(frozen=True, slots=True)
class ScheduleDescription(ScheduleSummary):
    """A schedule, and what the list of schedules does not tell of it."""

    task_queue: str
    overlap: Overlap
    running: tuple[str, ...]
    """Workflow ids of those of its runs that go on."""
    started: int
    """How many runs it has started."""
    skipped: int
    """How often it started none, since one went on."""


async def create_schedule(
    client: Client,
    submission: Submission,
    options: ScheduleOptions,
    *,
    schedule_id: str | None = None,
    task_queue: str = DEFAULT_TASK_QUEUE,
) -> ScheduleHandle:
    """Let Temporal start runs. Definition and input are those of now, whatever becomes of the file.

    Args:
        client: A connection, as from `connect`.
        submission: What `prepare` returned.
        options: When, and what if the run before goes on.
        schedule_id: Without it, the name of the definition. Its runs have this id and their time.
        task_queue: Where a Stepfile worker takes work from.

    Returns:
        temporalio's handle: `pause()`, `trigger()`, `describe()`, `delete()`.

    Raises:
        temporalio.client.ScheduleAlreadyRunningError: the id is taken.
        temporalio.service.RPCError: the server does not understand a cron expression or the time zone.
    """
    schedule_id = schedule_id or submission.definition.name
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(**build_start_arguments(submission, schedule_id, task_queue)),
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
    """A schedule on a server."""

    handle: ScheduleHandle

    @staticmethod
    def find(client: Client, schedule_id: str) -> StepfileSchedule:
        """The schedule with this id; not asked for yet."""
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
        """As `create_schedule`.

        Raises:
            ScheduleProblem: the id is taken, or the server refuses.
        """
        name = schedule_id or submission.definition.name
        try:
            with _translate_errors(name):
                handle = await create_schedule(
                    client, submission, options, schedule_id=name, task_queue=task_queue
                )
        except ScheduleAlreadyRunningError:
            raise ScheduleProblem(
                f'there is a schedule with the id "{name}" already',
                f"choose another --id, or `stepfile schedule delete {name}`",
            ) from None
        return StepfileSchedule(handle)

    @property
    def id(self) -> str:
        return self.handle.id

    async def describe(self) -> ScheduleDescription:
        """What the server knows of it.

        Raises:
            ScheduleProblem: there is no such schedule, or it is none of Stepfile.
        """
        with _translate_errors(self.id):
            described = await self.handle.describe()
        action, info = described.schedule.action, described.info
        if not isinstance(action, ScheduleActionStartWorkflow) or not is_stepfile_type(action.workflow):
            raise ScheduleProblem(f'"{self.id}" is no schedule of Stepfile')
        return ScheduleDescription(
            **await _read_summary(described),
            task_queue=action.task_queue,
            overlap=_decode_overlap(described.schedule.policy.overlap),
            running=tuple(_read_workflow_id(each) for each in info.running_actions),
            started=info.num_actions,
            skipped=info.num_actions_skipped_overlap,
        )

    async def pause(self, note: str | None) -> None:
        """Start no runs until `unpause`; without a note, the one that it has stays."""
        known = await self.describe()
        with _translate_errors(self.id):
            await self.handle.pause(note=note or known.note or "paused by stepfile")

    async def unpause(self, note: str | None) -> None:
        """Start runs again."""
        known = await self.describe()
        with _translate_errors(self.id):
            await self.handle.unpause(note=note or known.note or "unpaused by stepfile")

    async def trigger(self, overlap: Overlap | None) -> None:
        """Start a run now, as if it were time."""
        await self.describe()
        with _translate_errors(self.id):
            await self.handle.trigger(overlap=_encode_overlap(overlap) if overlap else None)

    async def delete(self) -> None:
        """Start no runs any more; those that go on go on."""
        await self.describe()
        with _translate_errors(self.id):
            await self.handle.delete()


async def list_schedules(client: Client) -> AsyncIterator[ScheduleSummary]:
    """List the schedules of Stepfile.

    A new one may be missing for a moment: the server lists what its index has.
    """
    async for listed in await client.list_schedules():
        schedule = listed.schedule
        action = schedule.action if schedule else None
        if isinstance(action, ScheduleListActionStartWorkflow) and is_stepfile_type(action.workflow):
            yield ScheduleSummary(**await _read_summary(listed))


async def _read_summary(described: Any) -> dict[str, Any]:
    """What a description and an entry of the list both have."""
    schedule, info = described.schedule, described.info
    return {
        "id": described.id,
        "definition": await described.memo(),
        "timing": tuple(_format_timing(schedule.spec)),
        "time_zone": schedule.spec.time_zone_name,
        "paused": schedule.state.paused,
        "note": schedule.state.note,
        "next": tuple(info.next_action_times),
        "recent": tuple((each.started_at, _read_workflow_id(each.action)) for each in info.recent_actions),
    }


def _format_timing(spec: ScheduleSpec) -> Iterator[str]:
    """The server makes calendars of cron expressions; their comment is what was written."""
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
def _translate_errors(schedule_id: str) -> Iterator[None]:
    """What the server refuses, in the user's words."""
    try:
        yield
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise ScheduleProblem(
                f'there is no schedule with the id "{schedule_id}"', "`stepfile schedule list` shows all"
            ) from None
        raise ScheduleProblem(f"Temporal does not do it: {error.message} ({error.status.name})") from error
