"""The work of `stepfile worker` is to run a worker until a signal comes, and then to shut it down."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from signal import SIGINT

from dsl.scalars.duration import format_duration
from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.arguments.project import find_worker_settings, require_activities
from interpreter.cli.display.output import print_notice, print_result
from interpreter.cli.process.async_command import run_async_command
from interpreter.cli.process.exit import ExitCode
from interpreter.cli.process.interrupts import Interrupts
from interpreter.cli.process.running_worker import run_worker
from interpreter.cli.process.waiting import wait_or_fail
from interpreter.temporal.plugin import create_worker
from interpreter.temporal.worker.activities import get_activity_name


def work(
    connection: ConnectionOptions, modules: Sequence[str], task_queue: str, grace: timedelta
) -> ExitCode:
    """Run a worker until SIGINT or SIGTERM comes.

    Args:
        connection: Which Temporal server the worker takes work from.
        modules: The modules with the activities that the worker runs; without any, the project names them.
        task_queue: The task queue that the worker takes work from.
        grace: How long activities may continue after the signal.

    Raises:
        TemporalProblem: the activities can't be imported, the project's settings are wrong, Temporal can't be
            reached, or the worker has ended by itself.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    activities = require_activities(modules)

    async def run(interrupts: Interrupts) -> ExitCode:
        settings, client = find_worker_settings(), await connection.connect()
        worker = create_worker(
            client,
            activities,
            task_queue=task_queue,
            graceful_shutdown=grace,
            http=settings.http,
            secrets=settings.secrets,
        )
        async with run_worker(worker, grace=grace.total_seconds()) as wait_for_end:
            names = ", ".join(sorted(get_activity_name(activity) or "any other" for activity in activities))
            print_result(
                f'worker on task queue "{task_queue}" of {client.service_client.config.target_host} '
                f"(namespace {client.namespace}) with {names}"
            )
            received = await wait_or_fail(interrupts.wait(), wait_for_end)
            print_notice(
                f"shutting down: running activities have {format_duration(grace)} to end; "
                "a second signal ends the worker at once"
            )
        return ExitCode.INTERRUPTED if received is SIGINT else ExitCode.SUCCESS

    return run_async_command(run, quiet=False)
