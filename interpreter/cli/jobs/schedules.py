"""The work of `stepfile schedule` is to create, show and change Temporal's schedules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dsl.problems.snippet import make_printable
from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.display.output import format_json, print_notice, print_result
from interpreter.cli.display.schedule_overview import (
    SHOWN,
    build_record,
    format_line,
    format_overview,
    format_times,
)
from interpreter.cli.process.async_command import run_with_client
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.client.connection import Client
from interpreter.temporal.client.schedule_options import ScheduleOptions
from interpreter.temporal.client.schedules import StepfileSchedule, list_schedules
from interpreter.temporal.client.submission import Submission


def create_schedule(
    connection: ConnectionOptions,
    submission: Submission,
    options: ScheduleOptions,
    schedule_id: str | None,
    task_queue: str,
    file: str,
) -> ExitCode:
    """Create a schedule, and write its id to standard output.

    Raises:
        TemporalProblem: Temporal can't be reached, the id is taken, or Temporal refuses the schedule.
    """

    async def create(client: Client) -> ExitCode:
        schedule = await StepfileSchedule.create(
            client, submission, options, schedule_id=schedule_id, task_queue=task_queue
        )
        print_result(make_printable(schedule.id))
        print_notice(f"next runs: {format_times((await schedule.describe()).next[:SHOWN]) or 'never'}")
        return ExitCode.SUCCESS

    return run_with_client(connection, create, file)


def show_schedules(connection: ConnectionOptions, *, json: bool) -> ExitCode:
    """Write all schedules of Stepfile to standard output, in the order of their ids.

    Raises:
        TemporalProblem: Temporal can't be reached.
    """

    async def show(client: Client) -> ExitCode:
        found = [schedule async for schedule in list_schedules(client)]
        found.sort(key=lambda schedule: schedule.id)
        if json:
            print_result(format_json([build_record(schedule) for schedule in found]))
        elif not found:
            print_notice("there are no schedules")
        else:
            width = max(len(make_printable(schedule.id)) for schedule in found)
            for schedule in found:
                print_result(format_line(schedule, width))
        return ExitCode.SUCCESS

    return run_with_client(connection, show)


def show_schedule(connection: ConnectionOptions, schedule_id: str, *, json: bool) -> ExitCode:
    """Write what is known of a schedule to standard output.

    Raises:
        TemporalProblem: Temporal can't be reached, or there is no such schedule.
    """

    async def show(client: Client) -> ExitCode:
        schedule = await StepfileSchedule.find(client, schedule_id).describe()
        print_result(format_json(build_record(schedule)) if json else "\n".join(format_overview(schedule)))
        return ExitCode.SUCCESS

    return run_with_client(connection, show)


def change_schedule(
    connection: ConnectionOptions,
    schedule_id: str,
    change: Callable[[StepfileSchedule], Awaitable[None]],
    done: str,
) -> ExitCode:
    """Change a schedule, and say so.

    Args:
        connection: Which Temporal server has the schedule.
        schedule_id: The id of the schedule.
        change: Changes the schedule.
        done: What the message says of the schedule afterwards, such as `is paused`.

    Raises:
        TemporalProblem: Temporal can't be reached, or there is no such schedule.
    """

    async def find_and_change(client: Client) -> ExitCode:
        await change(StepfileSchedule.find(client, schedule_id))
        print_notice(f"the schedule {make_printable(schedule_id)} {done}")
        return ExitCode.SUCCESS

    return run_with_client(connection, find_and_change)
