"""`stepfile worker` carries out the runs that are submitted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.duration import parse_duration_option
from interpreter.cli.arguments.options import activities_option, task_queue_option
from interpreter.cli.arguments.worker_limits import read_worker_limits, worker_limits_options
from interpreter.cli.arguments.worker_version import check_worker_version, worker_version_options
from interpreter.cli.process.exit import ExitCode

if TYPE_CHECKING:
    from interpreter.temporal.observing.logs import LogFormat, LogLevel


@click.command(
    epilog="""\b
Examples:
  stepfile worker                                     uses the activities of pyproject.toml
  stepfile worker --activities shop.activities --task-queue shop
  stepfile worker --log-format json --metrics-address 0.0.0.0:9464

\b
Exit codes: 0 stopped by SIGTERM; 1 Temporal can't be reached, the activities can't be imported, or
metrics or health can't be served at the address; 130 Ctrl-C."""
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
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Write the log as text, or as one JSON object in each line.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="Lowest level that is logged. With debug: every step, and tracebacks of failed attempts.",
)
@click.option(
    "--metrics-address",
    metavar="HOST:PORT",
    help="Serve metrics for Prometheus at http://HOST:PORT/metrics.",
)
@click.option(
    "--metrics-max-definitions",
    metavar="NUMBER",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="How many definitions metrics name, and as many shared breakers; the others are counted as _other.",
)
@click.option(
    "--metrics-max-steps",
    metavar="NUMBER",
    type=click.IntRange(min=0),
    default=1000,
    show_default=True,
    help="How many steps metrics name, of all definitions; the others are counted as _other.",
)
@click.option(
    "--health-address",
    metavar="HOST:PORT",
    help="Answer probes at http://HOST:PORT/livez and /readyz.",
)
@worker_version_options
@worker_limits_options
@click.option(
    "--max-cached-workflows",
    metavar="NUMBER",
    type=click.IntRange(min=0),
    default=1000,
    show_default=True,
    help="Runs that are kept in memory; the others are replayed when they go on.",
)
@connection_options
def command(
    activities: Sequence[str],
    task_queue: str,
    grace: timedelta,
    log_format: LogFormat,
    log_level: LogLevel,
    metrics_address: str | None,
    metrics_max_definitions: int,
    metrics_max_steps: int,
    health_address: str | None,
    deployment_name: str | None,
    build_id: str | None,
    max_cached_workflows: int,
    connection: ConnectionOptions,
    **limits: Any,
) -> ExitCode:
    """Carry out the runs that are submitted.

    A worker runs any definition, with the activities of this project: [tool.stepfile] activities in
    pyproject.toml, or --activities. Without any it runs definitions that have only http steps and the like. Start as
    many workers as you like: they share the work.

    SIGTERM and Ctrl-C shut the worker down: it takes no new work, and running activities have the time of
    --graceful-shutdown to end. Then they are cancelled, and another worker tries them again. A second signal ends
    the worker at once.

    The log goes to standard error. It tells of each run its start and end, retries, what is undone, dead letters
    and circuit breakers. A failed attempt of an activity is one line.
    """
    check_worker_version(deployment_name, build_id)

    from interpreter.cli.jobs.worker import WorkerJob

    return WorkerJob(
        connection=connection,
        modules=activities,
        task_queue=task_queue,
        grace=grace,
        log_format=log_format,
        log_level=log_level,
        metrics_address=metrics_address,
        max_definitions=metrics_max_definitions,
        max_steps=metrics_max_steps,
        health_address=health_address,
        deployment_name=deployment_name,
        build_id=build_id,
        limits=read_worker_limits(limits),
        max_cached_workflows=max_cached_workflows,
    ).run()
