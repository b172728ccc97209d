"""Counts what happens in the runs of a worker, and the attempts of activities that it makes.

The numbers go to the meter of the `Runtime` that the client of the worker has. It is not the meter that temporalio
offers to workflows: that one adds labels of its own to each series.
"""

from __future__ import annotations

from datetime import timedelta
from typing import assert_never
from weakref import WeakKeyDictionary

from temporalio.client import Client
from temporalio.common import MetricCounter, MetricHistogramFloat, MetricMeter
from temporalio.runtime import Runtime

from interpreter.events import (
    AlertEnded,
    BreakerChanged,
    BreakerUnobserved,
    CompensationEnded,
    CompensationOrdered,
    CompensationStarted,
    DeadLetterWritten,
    Event,
    ItemEnded,
    RetryScheduled,
    RunContinuedAsNew,
    RunEnded,
    RunStarted,
    StartRefused,
    StepEnded,
    StepStarted,
    UndoingEnded,
    UndoingStarted,
)
from interpreter.letters.orders import Result
from interpreter.program.paths import COMPENSATION_SUFFIX
from interpreter.temporal.observing import metrics
from interpreter.temporal.observing.label_limits import LabelLimits
from interpreter.temporal.observing.metrics import METRICS, Metric, MetricLimits
from interpreter.temporal.wire.breaker_events import (
    CallEvent,
    NotReached,
    ReachedAgain,
    SharedBreakerEvent,
    StateSeen,
)
from interpreter.temporal.wire.letter_events import LetterChanged
from interpreter.temporal.wire.listening import ObservedRun


class Meter:
    """The metrics of one process."""

    def __init__(self, meter: MetricMeter, limits: MetricLimits) -> None:
        """
        Args:
            meter: What the numbers are given to.
            limits: How many values labels may have.
        """
        self._labels = LabelLimits(limits)
        self._counters: dict[Metric, MetricCounter] = {}
        self._histograms: dict[Metric, MetricHistogramFloat] = {}
        self._bound_counters: dict[tuple[Metric, tuple[str, ...]], MetricCounter] = {}
        self._bound_histograms: dict[tuple[Metric, tuple[str, ...]], MetricHistogramFloat] = {}
        for each in METRICS:
            if each.kind == "counter":
                self._counters[each] = meter.create_counter(each.name, each.about)
            else:
                self._histograms[each] = meter.create_histogram_float(each.name, each.about, "seconds")

    def count_event(self, run: ObservedRun, event: Event) -> None:
        """Count what has happened in a run."""
        definition = run.definition
        match event:
            case RunStarted():
                self._count_run(metrics.RUNS_STARTED, definition)
            case StartRefused():
                self._count_run(metrics.RUNS_REFUSED, definition)
            case RunEnded(outcome=ended):
                run_labels = self._count_run(metrics.RUNS_ENDED, definition, ended)
                self._record(metrics.RUN_DURATION, run_labels, event.ended_at - event.started_at)
            case StepEnded(step, outcome=ended):
                step_labels = self._count_step(metrics.STEPS_ENDED, definition, step.name, ended)
                if ended != "skipped":
                    self._record(metrics.STEP_DURATION, step_labels, event.ended_at - event.started_at)
            case RetryScheduled(step, undoing_for=age):
                self.count_retry(definition, step.name, age)
            case CompensationEnded(step, undone):
                self._count_step(metrics.COMPENSATIONS, definition, step.name, undone)
            case ItemEnded(loop, _, failure):
                ended = "completed" if failure is None else "failed"
                self._count_step(metrics.ITEMS, definition, loop.name, ended)
            case DeadLetterWritten(step, _, _, lost):
                kept = "kept" if lost is None else "lost"
                self._count_step(metrics.DEAD_LETTERS, definition, step.name, kept)
            case BreakerChanged(breaker, state):
                self._count_step(metrics.BREAKER_CHANGES, definition, breaker, state)
            case (
                RunContinuedAsNew()
                | StepStarted()
                | UndoingStarted()
                | CompensationStarted()
                | CompensationOrdered()
                | UndoingEnded()
                | AlertEnded()
                | BreakerUnobserved()
            ):
                pass  # what follows them, or was inside them, is counted
            case _:
                assert_never(event)

    def count_retry(self, definition: str, step: str, undoing_for: timedelta | None) -> None:
        """Count an attempt that is not the first one, when it begins or is scheduled.

        Args:
            definition: The definition of the run.
            step: What is tried again, as `name_of_activity` has it.
            undoing_for: For how long it has been tried, if it undoes something.
        """
        self._count_step(metrics.STEP_RETRIES, definition, step)
        if undoing_for is not None:
            labels = self._labels.admit_step(definition, step.removesuffix(COMPENSATION_SUFFIX))
            self._record(metrics.UNDOING_RETRY_AGE, labels, undoing_for)

    def count_attempt(self, definition: str, step: str, outcome: str) -> None:
        """Count an attempt of an activity, when it has ended."""
        self._count_step(metrics.ATTEMPTS, definition, step, outcome)

    def count_breaker_event(self, breaker: str, event: SharedBreakerEvent) -> None:
        """Count what this worker has seen of a shared circuit breaker."""
        label = self._labels.admit_shared_breaker(breaker)
        match event:
            case CallEvent.IGNORED:
                self._add(metrics.SHARED_BREAKER_IGNORED, (label,))
            case CallEvent():
                self._add(metrics.SHARED_BREAKER_CALLS, (label, event.value))
            case StateSeen(state=state):
                self._add(metrics.SHARED_BREAKER_CHANGES, (label, state.value))
            case NotReached():
                self._add(metrics.SHARED_BREAKER_UNREACHABLE, (label,))
            case ReachedAgain():
                pass  # nothing is missing any more
            case _:
                assert_never(event)

    def count_letter_event(self, event: LetterChanged) -> None:
        """Count what has become of a dead letter; an order that it has refused changes nothing."""
        letter = event.letter
        if event.order is None or event.order.result is not Result.REFUSED:
            self._count_step(
                metrics.DEAD_LETTER_CHANGES, letter.definition, letter.step_name, letter.status.value
            )

    def _count_run(self, metric: Metric, definition: str, *outcome: str) -> tuple[str, ...]:
        label = self._labels.admit_definition(definition)
        self._add(metric, (label, *outcome))
        return (label,)

    def _count_step(self, metric: Metric, definition: str, step: str, *outcome: str) -> tuple[str, ...]:
        labels = self._labels.admit_step(definition, step)
        self._add(metric, (*labels, *outcome))
        return labels

    def _add(self, metric: Metric, values: tuple[str, ...]) -> None:
        counter = self._bound_counters.get((metric, values))
        if counter is None:  # to bind labels takes much longer than to count
            labels = dict(zip(metric.labels, values, strict=True))
            counter = self._counters[metric].with_additional_attributes(labels)
            self._bound_counters[metric, values] = counter
        counter.add(1)

    def _record(self, metric: Metric, values: tuple[str, ...], duration: timedelta) -> None:
        histogram = self._bound_histograms.get((metric, values))
        if histogram is None:
            labels = dict(zip(metric.labels, values, strict=True))
            histogram = self._histograms[metric].with_additional_attributes(labels)
            self._bound_histograms[metric, values] = histogram
        histogram.record(max(duration.total_seconds(), 0.0))


_meters: WeakKeyDictionary[Runtime, Meter] = WeakKeyDictionary()


def find_meter(client: Client, limits: MetricLimits) -> Meter | None:
    """The metrics of the process in which a client is; None if its `Runtime` has no metrics.

    Args:
        client: The client of a worker.
        limits: How many values labels may have; the first worker of a `Runtime` decides.
    """
    runtime = client.service_client.config.runtime or Runtime.default()
    if runtime.metric_meter is MetricMeter.noop:
        return None
    if runtime not in _meters:
        _meters[runtime] = Meter(runtime.metric_meter, limits)
    return _meters[runtime]
