"""`stepfile worker` carries out the runs that are submitted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.duration import parse_duration_option
from interpreter.cli.arguments.options import activities_option, task_queue_option
from interpreter.cli.process.exit import ExitCode


@click.command(
    epilog="""\b
Examples:
  stepfile worker                                     uses the activities of pyproject.toml
  stepfile worker --activities shop.activities --task-queue shop

\b
Exit codes: 0 stopped by SIGTERM; 1 Temporal can't be reached, or the activities can't be imported;
130 Ctrl-C."""
)
@activities_option
@task_queue_option("Task queue that the worker takes work from.")
@click.option(
    "--graceful-shutdown",
    "grace",
    metavar="DURATION",
    type=parse_duration_option,
    default="30s",
    show_default=True,
    help="How long running activities may continue after SIGTERM or Ctrl-C.",
)
@connection_options
def command(
    activities: Sequence[str], task_queue: str, grace: timedelta, connection: ConnectionOptions
) -> ExitCode:
    """Carry out the runs that are submitted.

    A worker runs any definition, with the activities of this project: [tool.stepfile] activities in
    pyproject.toml, or --activities. Start as many workers as you like: they share the work.

    SIGTERM and Ctrl-C shut the worker down: it takes no new work, and running activities have the time of
    --graceful-shutdown to end. Then they are cancelled, and another worker tries them again. A second signal ends
    the worker at once.
    """
    from interpreter.cli.jobs.worker import work

    return work(connection, activities, task_queue, grace)
