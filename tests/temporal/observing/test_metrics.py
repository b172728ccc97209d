"""However many definitions and steps there are, Stepfile has a limited number of series."""

from __future__ import annotations

import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from temporalio.runtime import Runtime, TelemetryConfig

from interpreter.events import (
    BreakerChanged,
    CompensationEnded,
    CompensationOutcome,
    DeadLetterWritten,
    Event,
    ItemEnded,
    Place,
    RetryScheduled,
    RunEnded,
    RunOutcome,
    RunStarted,
    StartRefused,
    StepEnded,
    StepOutcome,
)
from interpreter.failure.failure import Failure
from interpreter.letters.status import LetterStatus
from interpreter.letters.transitions import open_letter
from interpreter.shared_breaker.view import SharedState
from interpreter.temporal.observing.listen_address import ListenProblem
from interpreter.temporal.observing.meter import Meter
from interpreter.temporal.observing.metrics import METRICS, MetricLimits, count_most_series
from interpreter.temporal.observing.runtime import prometheus_config
from interpreter.temporal.wire.breaker_events import CallEvent, NotReached, ReachedAgain, StateSeen
from interpreter.temporal.wire.letter_events import LetterChanged
from interpreter.temporal.wire.listening import ObservedRun
from tests.interpreter.letters.records import build_record
from tests.support.metrics import check_labels, find_free_port, parse

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=2.5)
WHY = Failure("Bad", "no")
_STATES = tuple(StateSeen("north", each) for each in SharedState)
ATTEMPTS = ("completed", "failed", "cancelled")


def test_a_thousand_definitions_of_a_hundred_steps() -> None:
    limits = MetricLimits()
    meter, read = _create_meter(limits)
    for number in range(1000):
        run = ObservedRun(f"shop-{number}", "1", "id", "run")
        meter.count_event(run, RunStarted(1))
        for step in range(100):
            place = Place(f"all[7]/step{step}", f"step{step}")
            meter.count_attempt(run.definition, place.name, "completed")
            meter.count_event(run, StepEnded(place, "activity", "completed", NOW, LATER, 1, None))
        meter.count_event(run, RunEnded("completed", NOW, LATER, None))
    text = read()
    assert _count_series(text) == 16_688
    assert count_most_series(limits) == 56_575
    steps = {
        dict(labels)["definition"]: 0
        for (name, labels) in parse(text).samples
        if name == "stepfile_steps_ended_total"
    }
    assert len(steps) == limits.definitions + 1
    assert "_other" in steps
    counted: Counter[str] = Counter()
    for (name, _), value in parse(text).samples.items():
        counted[name] += int(value)
    assert counted["stepfile_runs_started_total"] == counted["stepfile_runs_ended_total"] == 1000
    assert counted["stepfile_steps_ended_total"] == 100_000, "nothing is lost, it only has another name"
    assert counted["stepfile_step_duration_seconds_count"] == 100_000
    assert "all[7]" not in text


def test_the_most_series_are_had_when_all_happens_everywhere() -> None:
    limits = MetricLimits(definitions=2, steps=3)
    meter, read = _create_meter(limits)
    for _ in range(2):
        for definition in ("a", "b", "c", "d"):
            for step in ("x", "y", "z"):
                run = ObservedRun(definition, None, "id", "run")
                for event in _everything(Place(step, step)):
                    meter.count_event(run, event)
                for outcome in ATTEMPTS:
                    meter.count_attempt(definition, step, outcome)
                for status in LetterStatus:
                    meter.count_letter_event(_change_letter(definition, step, status))
            for breaker_event in (*CallEvent, NotReached("no answer", False), *_STATES, ReachedAgain()):
                meter.count_breaker_event(f"breaker-{definition}", breaker_event)
    text = read()
    check_labels(parse(text))
    assert {name for name in parse(text).types if "stepfile" in name} == {
        each.served_name for each in METRICS
    }
    # `a` uses up the three pairs, `b` has one for all of its others, and so have the definitions after it. So one
    # of the pairs that the bound counts is not used: that of `a` with others.
    of_step = sum(each.series for each in METRICS if each.labels[1:2] in (("step",), ("breaker",)))
    assert _count_series(text) == count_most_series(limits) - of_step


def test_no_limit_of_zero_is_passed() -> None:
    meter, read = _create_meter(MetricLimits(0, 0))
    meter.count_event(ObservedRun("a", None, "id", "run"), RunStarted(1))
    meter.count_attempt("a", "x", "failed")
    meter.count_breaker_event("bank", CallEvent.PERMITTED)
    assert parse(read()).select("stepfile_") == {
        "stepfile_activity_attempts_total definition=_other,outcome=failed,step=_other": 1,
        "stepfile_runs_started_total definition=_other": 1,
        "stepfile_shared_breaker_calls_total breaker=_other,outcome=permitted": 1,
    }


@pytest.mark.parametrize("address", ["9464", ":9464", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "a:0"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ListenProblem, match="is no address to serve metrics at") as problem:
        prometheus_config(address)
    assert "HOST:PORT is expected" in str(problem.value)


def test_an_unknown_host_is_refused() -> None:
    with pytest.raises(ListenProblem, match=r'can\'t serve metrics at "nowhere\.invalid:9464"'):
        prometheus_config("nowhere.invalid:9464")


@pytest.mark.parametrize(
    ("address", "bound"), [("127.0.0.1:9464", "127.0.0.1:9464"), ("[::1]:9464", "[::1]:9464")]
)
def test_an_address_is_resolved(address: str, bound: str) -> None:
    assert prometheus_config(address).bind_address == bound
    assert prometheus_config("localhost:9464").bind_address in ("127.0.0.1:9464", "[::1]:9464")


def _change_letter(definition: str, step: str, status: LetterStatus) -> LetterChanged:
    names = {"name": definition, "version": None, "digest": ""}
    letter = open_letter("letter", build_record(definition=names, step=step))
    return LetterChanged(replace(letter, status=status).summarize(), None)


def _create_meter(limits: MetricLimits) -> tuple[Meter, _Reader]:
    port = find_free_port()
    runtime = Runtime(telemetry=TelemetryConfig(metrics=prometheus_config(f"127.0.0.1:{port}")))
    return Meter(runtime.metric_meter, limits), _Reader(runtime, port)


class _Reader:
    """Reads what a runtime serves, and keeps it alive."""

    def __init__(self, runtime: Runtime, port: int) -> None:
        self.runtime = runtime
        self._port = port

    def __call__(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=10) as answer:
            text: str = answer.read().decode()
            return text


def _count_series(text: str) -> int:
    return sum(line.startswith("stepfile_") for line in text.splitlines())


def _everything(place: Place) -> Iterator[Event]:
    yield RunStarted(1)
    yield StartRefused(WHY)
    for run_outcome in get_args(RunOutcome):
        yield RunEnded(run_outcome, NOW, LATER, None)
    for step_outcome in get_args(StepOutcome):
        yield StepEnded(place, "activity", step_outcome, NOW, LATER, 1, None)
    yield RetryScheduled(place, 1, timedelta(seconds=1), WHY, timedelta(minutes=1))
    for outcome in get_args(CompensationOutcome):
        yield CompensationEnded(place, outcome, NOW, LATER, None)
    yield ItemEnded(place, 0, None)
    yield ItemEnded(place, 1, WHY)
    yield DeadLetterWritten(place, "q", WHY, None)
    yield DeadLetterWritten(place, "q", WHY, WHY)
    yield BreakerChanged(place.name, "closed")
    yield BreakerChanged(place.name, "open")
    yield BreakerChanged(place.name, "half_open")
