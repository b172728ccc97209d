"""Joins those who listen to the runs and activities of a worker."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import CancelledError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from interpreter.events import Event
from interpreter.program.paths import name_of_activity
from interpreter.temporal.observing.failed_attempts import shorten_failed_attempts
from interpreter.temporal.observing.letters import log_letter_event, observe_letters
from interpreter.temporal.observing.meter import Meter, find_meter
from interpreter.temporal.observing.metrics import MetricLimits
from interpreter.temporal.observing.run_log import log_event
from interpreter.temporal.observing.versions import note_version
from interpreter.temporal.wire.activity_header import ActivityHeader
from interpreter.temporal.wire.letter_events import LetterListener, set_letter_listener
from interpreter.temporal.wire.listening import Listener, ObservedRun, add_listener
from interpreter.temporal.wire.names import TYPE_PREFIX, is_stepfile_type
from interpreter.temporal.wire.worker_frames import skip_worker_frames


def observe_worker(client: Client, limits: MetricLimits) -> Interceptor:
    """Make what logs and counts what happens on a worker.

    Args:
        client: The client of the worker. If its `Runtime` has metrics, they get those of Stepfile, too.
        limits: How many definitions and steps metrics name.
    """
    shorten_failed_attempts()
    return ObservingInterceptor(
        [note_version, log_event], find_meter(client, limits), observe_letters(client, limits)
    )


class ObservingInterceptor(Interceptor):
    """Lets listeners hear what happens in the runs of a worker (`interpreter.events`), and counts attempts."""

    def __init__(
        self, listeners: Sequence[Listener], meter: Meter | None, letters: LetterListener = log_letter_event
    ) -> None:
        """
        Args:
            listeners: Are told of each event, in this order.
            meter: Counts events and attempts; None if the process has no metrics.
            letters: Is told what becomes of dead letters.
        """
        self._listeners = (*listeners, meter.count_event) if meter is not None else tuple(listeners)
        self._meter, self._letters = meter, letters

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor] | None:
        """Offer functions to the workflows; temporalio asks this once for each worker."""
        add_listener(input, self._tell)
        set_letter_listener(input, self._letters)
        return None

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Count the attempts, if there are metrics."""
        return next if self._meter is None else _CountedAttempt(next, self._meter)

    def _tell(self, run: ObservedRun, event: Event) -> None:
        for listener in self._listeners:
            listener(run, event)


class _CountedAttempt(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, meter: Meter) -> None:
        super().__init__(next)
        self._meter = meter

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        if info.workflow_type is None or not is_stepfile_type(info.workflow_type):
            return await super().execute_activity(input)
        definition, step = info.workflow_type.removeprefix(TYPE_PREFIX), name_of_activity(info.activity_id)
        if info.attempt > 1:
            self._meter.count_retry(definition, step, _find_undoing_time(input, info))
        try:
            result = await super().execute_activity(input)
        except (CancelledError, asyncio.CancelledError):
            outcome = "failed" if activity.is_worker_shutdown() else "cancelled"
            self._meter.count_attempt(definition, step, outcome)
            raise
        except Exception as error:
            self._meter.count_attempt(definition, step, "failed")
            raise error.with_traceback(skip_worker_frames(error.__traceback__)) from error.__cause__
        self._meter.count_attempt(definition, step, "completed")
        return result


def _find_undoing_time(input: ExecuteActivityInput, info: activity.Info) -> timedelta | None:
    """For how long an activity has been tried, if it undoes something."""
    header = ActivityHeader.of(input.headers)
    return datetime.now(UTC) - info.scheduled_time if header is not None and header.undoes else None
