"""The metrics of Stepfile, in one table. docs/reference/metrics.md is made of it.

Names and units follow the conventions of Prometheus and OpenTelemetry. What is counted is what this worker has seen,
so the numbers of all workers are added up. There is no gauge: a run may go on at another worker at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from interpreter.events import CompensationOutcome, RunOutcome, StepOutcome
from interpreter.letters.status import LetterStatus
from interpreter.shared_breaker.view import SharedState
from interpreter.temporal.wire.breaker_events import CallEvent

OTHER = "_other"
"""Stands for definitions and steps beyond the limits. No definition and no step can be called so."""

DURATIONS = (0.05, 0.2, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0, 86400.0)
"""Upper bounds of the buckets of durations, in seconds: from an answer at once to a wait of a day."""


@dataclass(frozen=True, slots=True)
class MetricLimits:
    """How many values the labels of Stepfile's metrics may have in one process; all others are counted as `_other`.

    Temporal's own metrics are not limited by it.
    """

    definitions: int = 100
    """Names of definitions; and as many names of shared circuit breakers."""
    steps: int = 1_000
    """Pairs of a definition and a step of it, or a circuit breaker of a run of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One metric."""

    name: str
    """Without the suffix of its kind."""
    kind: Literal["counter", "histogram"]
    labels: tuple[str, ...]
    about: str
    """What is counted or measured, for people."""
    outcomes: tuple[str, ...] = ()
    """The values of its label `outcome` or `state`."""

    @property
    def served_name(self) -> str:
        """The name under which Prometheus finds it."""
        return f"{self.name}_total" if self.kind == "counter" else f"{self.name}_seconds"

    @property
    def series(self) -> int:
        """How many series it has for one definition, or for one step of it."""
        return len(DURATIONS) + 3 if self.kind == "histogram" else max(len(self.outcomes), 1)


_RUN = ("definition",)
_STEP = ("definition", "step")
_BREAKER = ("breaker",)

RUNS_STARTED = Metric("stepfile_runs_started", "counter", _RUN, "Runs that have begun.")
RUNS_REFUSED = Metric(
    "stepfile_runs_refused",
    "counter",
    _RUN,
    "Runs that have ended before they began: their definition, input or request was refused.",
)
RUNS_ENDED = Metric(
    "stepfile_runs_ended",
    "counter",
    (*_RUN, "outcome"),
    "Runs that have ended by themselves. Temporal alone knows of those that were terminated or have timed out.",
    get_args(RunOutcome),
)
RUN_DURATION = Metric(
    "stepfile_run_duration",
    "histogram",
    _RUN,
    "Time from the start of a run to its end, continue-as-new included.",
)
STEPS_ENDED = Metric(
    "stepfile_steps_ended",
    "counter",
    (*_STEP, "outcome"),
    "Steps that have ended; in loops, those of each iteration.",
    get_args(StepOutcome),
)
STEP_DURATION = Metric(
    "stepfile_step_duration",
    "histogram",
    _STEP,
    "Time from the start of a step to its end, with its retries and waits. Skipped steps are left out.",
)
STEP_RETRIES = Metric(
    "stepfile_step_retries",
    "counter",
    _STEP,
    "Attempts of activities and blocks after the first one, when they begin or are scheduled.",
)
ATTEMPTS = Metric(
    "stepfile_activity_attempts",
    "counter",
    (*_STEP, "outcome"),
    "Attempts of activities that this worker has made to an end.",
    ("completed", "failed", "cancelled"),
)
COMPENSATIONS = Metric(
    "stepfile_compensations_ended",
    "counter",
    (*_STEP, "outcome"),
    "Steps that were to be undone. What has failed is not undone, nor what was skipped: because one before it had "
    "failed, or because somebody has said so.",
    get_args(CompensationOutcome),
)
UNDOING_RETRY_AGE = Metric(
    "stepfile_compensation_retry_age",
    "histogram",
    _STEP,
    "For how long a compensation, or a step inside one, has been tried whenever it is tried again: one that hangs "
    "gets ever older.",
)
ITEMS = Metric(
    "stepfile_items_ended",
    "counter",
    (*_STEP, "outcome"),
    "Items of a for_each that have ended.",
    ("completed", "failed"),
)
DEAD_LETTERS = Metric(
    "stepfile_dead_letters",
    "counter",
    (*_STEP, "outcome"),
    "Dead letters that were kept in their queue, or lost because it did not take them.",
    ("kept", "lost"),
)
DEAD_LETTER_CHANGES = Metric(
    "stepfile_dead_letter_changes",
    "counter",
    (*_STEP, "state"),
    "Changes of the state of a dead letter that Temporal keeps, by the new state.",
    tuple(each.value for each in LetterStatus),
)
BREAKER_CHANGES = Metric(
    "stepfile_breaker_changes",
    "counter",
    ("definition", "breaker", "state"),
    "Changes of the state of a circuit breaker of a run, by the new state.",
    ("closed", "open", "half_open"),
)
SHARED_BREAKER_CHANGES = Metric(
    "stepfile_shared_breaker_changes",
    "counter",
    (*_BREAKER, "state"),
    "Changes of the state of a shared circuit breaker that this worker has seen, by the new state.",
    tuple(each.value for each in SharedState),
)
SHARED_BREAKER_CALLS = Metric(
    "stepfile_shared_breaker_calls",
    "counter",
    (*_BREAKER, "outcome"),
    "Attempts of activities that a shared circuit breaker has let through, or not.",
    (CallEvent.PERMITTED.value, CallEvent.REJECTED.value),
)
SHARED_BREAKER_IGNORED = Metric(
    "stepfile_shared_breaker_results_ignored",
    "counter",
    _BREAKER,
    "Results of attempts that began before the last change of state, so that they do not count.",
)
SHARED_BREAKER_UNREACHABLE = Metric(
    "stepfile_shared_breaker_unreachable",
    "counter",
    _BREAKER,
    "Times that the workflow of a shared circuit breaker has not answered. Calls go on without it meanwhile.",
)

METRICS = (
    *(RUNS_STARTED, RUNS_REFUSED, RUNS_ENDED, RUN_DURATION),
    *(STEPS_ENDED, STEP_DURATION, STEP_RETRIES, ATTEMPTS),
    *(COMPENSATIONS, UNDOING_RETRY_AGE, ITEMS, DEAD_LETTERS, DEAD_LETTER_CHANGES, BREAKER_CHANGES),
    *(SHARED_BREAKER_CHANGES, SHARED_BREAKER_CALLS, SHARED_BREAKER_IGNORED, SHARED_BREAKER_UNREACHABLE),
)

HISTOGRAM_BOUNDS: Mapping[str, Sequence[float]] = {
    each.name: DURATIONS for each in METRICS if each.kind == "histogram"
}
"""Name → upper bounds of its buckets."""


def count_most_series(limits: MetricLimits) -> int:
    """How many series of Stepfile one process can have at most, if every step did all that can be counted."""
    of_run = sum(each.series for each in METRICS if each.labels[:2] in (_RUN, (*_RUN, "outcome")))
    of_breaker = sum(each.series for each in METRICS if each.labels[:1] == _BREAKER)
    of_step = sum(each.series for each in METRICS) - of_run - of_breaker
    definitions = limits.definitions + 1  # and as many shared breakers
    return (of_run + of_breaker) * definitions + of_step * (limits.steps + definitions)
