"""`stepfile worker`: run what is submitted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from signal import SIGINT
from typing import TYPE_CHECKING

import click

from interpreter.cli.arguments.connection import Connection
from interpreter.cli.arguments.duration import parse_duration_option
from interpreter.cli.arguments.options import activities_option, connection_options, task_queue_option
from interpreter.cli.display.output import answer, say
from interpreter.cli.process.exit import Exit

if TYPE_CHECKING:
    from interpreter.cli.process.interrupts import Interrupts
    from interpreter.temporal.worker.activities import Activity


@click.command(
    epilog="""\b
Examples:
  stepfile worker                                     the activities of pyproject.toml
  stepfile worker --activities shop.activities --task-queue shop

\b
Exit codes: 0 stopped by SIGTERM; 1 Temporal can't be reached, or the activities can't be imported;
130 Ctrl-C."""
)
@activities_option
@task_queue_option("Queue it takes work from.")
@click.option(
    "--graceful-shutdown",
    "grace",
    metavar="DURATION",
    type=parse_duration_option,
    default="30s",
    show_default=True,
    help="How long activities may go on after SIGTERM or Ctrl-C.",
)
@connection_options
def command(activities: Sequence[str], task_queue: str, grace: timedelta, connection: Connection) -> Exit:
    """Carry out what is submitted.

    A worker runs any definition, with the activities of this project: [tool.stepfile] activities in
    pyproject.toml, or --activities. Start as many as you like: they share the work. SIGTERM and Ctrl-C let it
    drain: it takes nothing new, and what runs may end within --graceful-shutdown; then it is cancelled, and
    another worker tries it again. A second signal leaves at once.
    """
    import logging

    from interpreter.cli.arguments.project import require_activities
    from interpreter.cli.process.session import run_session

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    found = require_activities(activities)

    async def work(interrupts: Interrupts) -> Exit:
        return await _work(found, task_queue, grace, connection, interrupts)

    return run_session(work, quiet=False)


async def _work(
    activities: Sequence[Activity],
    task_queue: str,
    grace: timedelta,
    connection: Connection,
    interrupts: Interrupts,
) -> Exit:
    from dsl.scalars.duration import format_duration
    from interpreter.cli.arguments.project import find_http_settings
    from interpreter.cli.display.follow import wait_or_fail
    from interpreter.cli.process.worker_task import run_worker
    from interpreter.temporal.worker.activities import get_activity_name
    from interpreter.temporal.worker.worker import create_worker

    client = await connection.connect()
    worker = create_worker(
        client, activities, task_queue=task_queue, graceful_shutdown=grace, http=find_http_settings()
    )
    async with run_worker(worker, grace=grace.total_seconds()) as ended:
        names = ", ".join(sorted(get_activity_name(activity) or "any other" for activity in activities))
        answer(
            f'worker on task queue "{task_queue}" of {client.service_client.config.target_host} '
            f"(namespace {client.namespace}) with {names}"
        )
        received = await wait_or_fail(interrupts.wait(), ended)
        say(f"draining: what runs has {format_duration(grace)}; a second signal leaves at once")
    return Exit.INTERRUPTED if received is SIGINT else Exit.FINE
