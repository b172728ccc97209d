"""The work of `stepfile worker` is to run a worker until a signal comes, and then to shut it down."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from signal import SIGINT

from dsl.scalars.duration import format_duration
from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.arguments.project import (
    ACTIVITIES_HINT,
    NO_ACTIVITIES,
    find_activities,
    find_worker_settings,
)
from interpreter.cli.display.output import print_notice, print_result
from interpreter.cli.process.async_command import run_async_command
from interpreter.cli.process.exit import ExitCode
from interpreter.cli.process.interrupts import Interrupts
from interpreter.cli.process.running_worker import run_worker
from interpreter.cli.process.waiting import wait_or_fail
from interpreter.temporal.observing.health import WorkerHealth
from interpreter.temporal.observing.health_server import serve_health
from interpreter.temporal.observing.logs import LogFormat, LogLevel, configure_logging
from interpreter.temporal.observing.metrics import MetricLimits
from interpreter.temporal.plugin import create_worker
from interpreter.temporal.problem import TemporalProblem
from interpreter.temporal.worker.activities import Activity, get_activity_name
from interpreter.temporal.worker.interceptor import find_cut_offs
from interpreter.temporal.worker.limits import WorkerLimits

WORKER = logging.getLogger("stepfile.worker")


@dataclass(frozen=True, slots=True)
class WorkerJob:
    """A `WorkerJob` does what `stepfile worker` was asked to do."""

    connection: ConnectionOptions
    modules: Sequence[str]
    """The modules with activities; without any, the project names them."""
    task_queue: str
    grace: timedelta
    """How long activities may continue after the signal."""
    log_format: LogFormat
    log_level: LogLevel
    metrics_address: str | None
    """Where to serve metrics as `host:port`; None to have none."""
    max_definitions: int
    """How many definitions metrics name."""
    max_steps: int
    """How many steps metrics name."""
    health_address: str | None
    """Where to answer probes as `host:port`; None to answer none."""
    deployment_name: str | None
    """The deployment of which the worker is a version; None if it has no version."""
    build_id: str | None
    """Which version it is."""
    limits: WorkerLimits
    max_cached_workflows: int
    """How many runs it keeps in memory."""

    def run(self) -> ExitCode:
        """Run a worker until SIGINT or SIGTERM comes.

        Raises:
            TemporalProblem: the activities can't be imported, the project's settings are wrong, Temporal can't be
                reached, metrics or health can't be served, or the worker has ended by itself. In a log of JSON
                this is a line instead, because nothing else may stand between its lines.
        """
        configure_logging(self.log_format, self.log_level)
        try:
            activities = find_activities(self.modules) or []
            return run_async_command(
                lambda interrupts: self._run(activities, interrupts),
                quiet=False,
                metrics_address=self.metrics_address,
            )
        except TemporalProblem as problem:
            if self.log_format != "json":
                raise
            WORKER.error("%s", problem.message, extra={} if problem.hint is None else {"hint": problem.hint})
            return ExitCode.FAILED

    async def _run(self, activities: Sequence[Activity], interrupts: Interrupts) -> ExitCode:
        settings, client = find_worker_settings(), await self.connection.connect()
        worker = create_worker(
            client,
            activities,
            task_queue=self.task_queue,
            graceful_shutdown=self.grace,
            http=settings.http,
            secrets=settings.secrets,
            letters_database=settings.letters_database,
            metric_limits=MetricLimits(self.max_definitions, self.max_steps),
            deployment_name=self.deployment_name,
            build_id=self.build_id,
            limits=self.limits,
            max_cached_workflows=self.max_cached_workflows,
        )
        health = WorkerHealth(worker)
        async with (
            self._serve(health),
            run_worker(worker, grace=self.grace.total_seconds()) as wait_for_end,
        ):
            names = ", ".join(sorted(get_activity_name(activity) or "any other" for activity in activities))
            with_what = f"with {names}" if names else "without activities of its own"
            self._tell(
                print_result,
                f'worker on task queue "{self.task_queue}" of {client.service_client.config.target_host} '
                f"(namespace {client.namespace}) {with_what}{self._describe_version()}",
            )
            if not activities:
                self._tell(
                    print_notice, f"{NO_ACTIVITIES}: a step that calls one will fail; {ACTIVITIES_HINT}"
                )
            received = await wait_or_fail(interrupts.wait(), wait_for_end)
            cut_offs = find_cut_offs(worker)
            interrupts.call_at_second_signal(lambda: self._tell(print_notice, _describe_end(cut_offs.count)))
            health.note_draining()
            self._tell(
                print_notice,
                f"shutting down: running activities have {format_duration(self.grace)} to end; "
                "a second signal ends the worker at once",
            )
        self._tell(print_notice, _describe_end(cut_offs.count))
        return ExitCode.INTERRUPTED if received is SIGINT else ExitCode.SUCCESS

    def _describe_version(self) -> str:
        if self.build_id is None:
            return ""
        return f', version {self.build_id} of the deployment "{self.deployment_name}"'

    def _serve(self, health: WorkerHealth) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self.health_address is None else serve_health(health, self.health_address)

    def _tell(self, write: Callable[[str], object], text: str) -> None:
        """Tell people something about the worker; in a log of JSON, nothing else may stand between its lines."""
        if self.log_format == "json":
            WORKER.info(text)
        else:
            write(text)


def _describe_end(cut_off: int) -> str:
    if not cut_off:
        return "stopped: no activity was cut off"
    what = "1 activity was" if cut_off == 1 else f"{cut_off} activities were"
    return f"stopped: {what} cut off; what its retry policy allows, another worker tries again"
