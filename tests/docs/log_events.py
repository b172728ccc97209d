"""One example of each event that is logged, and of each way in which it can end; the reference is made of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

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
    Place,
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
from interpreter.failure.failure import Failure
from interpreter.letters.orders import Command, Outcome, Result
from interpreter.letters.status import LetterStatus
from interpreter.letters.transitions import open_letter
from interpreter.shared_breaker.view import SharedState
from interpreter.temporal.observing.context import CONTEXT
from interpreter.temporal.observing.letters import choose_letter_level, describe_letter_event
from interpreter.temporal.observing.run_log import choose_level
from interpreter.temporal.observing.shared_breakers import choose_breaker_level, describe_breaker_event
from interpreter.temporal.wire.breaker_events import NotReached, ReachedAgain, StateSeen
from interpreter.temporal.wire.letter_events import LetterChanged
from interpreter.wording import Line, describe_event
from tests.interpreter.letters.records import build_record

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
ENDED = BEGAN + timedelta(seconds=2.5)
WHY = Failure("Busy", "no answer")
STEP = Place("charge", "charge")

EXAMPLES: tuple[Event, ...] = (
    RunStarted(1),
    RunContinuedAsNew(),
    StartRefused(Failure("InvalidInput", "amount: a number is expected")),
    RunEnded("completed", BEGAN, ENDED, None),
    RunEnded("cancelled", BEGAN, ENDED, None),
    RunEnded("failed", BEGAN, ENDED, WHY),
    StepStarted(STEP, "activity"),
    StepEnded(STEP, "activity", "completed", BEGAN, ENDED, 2, None),
    StepEnded(STEP, "activity", "skipped", BEGAN, ENDED, None, None),
    StepEnded(STEP, "activity", "cancelled", BEGAN, ENDED, None, None),
    StepEnded(STEP, "activity", "failed", BEGAN, ENDED, 3, WHY),
    StepEnded(STEP, "activity", "caught", BEGAN, ENDED, 3, WHY),
    StepEnded(STEP, "activity", "dead_lettered", BEGAN, ENDED, 3, WHY),
    RetryScheduled(STEP, 1, timedelta(seconds=5), WHY, None),
    ItemEnded(Place("all", "all"), 3, None),
    ItemEnded(Place("all", "all"), 3, WHY),
    UndoingStarted(2),
    CompensationStarted(STEP),
    CompensationOrdered(STEP, "retry", "ann@desk", "the bank is back"),
    CompensationOrdered(STEP, "skip", "ann@desk", "the booking is gone"),
    CompensationEnded(STEP, "completed", BEGAN, ENDED, None),
    CompensationEnded(STEP, "failed", BEGAN, ENDED, WHY),
    CompensationEnded(STEP, "skipped", BEGAN, ENDED, None),
    CompensationEnded(
        STEP, "skipped", BEGAN, ENDED, Failure("CompensationSkipped", "ann@desk has skipped it: it is gone")
    ),
    UndoingEnded(2, 0),
    UndoingEnded(1, 1),
    DeadLetterWritten(STEP, "letters", WHY, None),
    DeadLetterWritten(STEP, "letters", WHY, Failure("Timeout", "too late")),
    AlertEnded("saga.on_not_undone", None),
    AlertEnded("saga.on_not_undone", WHY),
    BreakerChanged("bank", "open"),
    BreakerChanged("bank", "half_open"),
    BreakerChanged("bank", "closed"),
    BreakerUnobserved(STEP, "bank", None),
)


def _list_letter_events() -> Iterator[LetterChanged]:
    order = Outcome("1", Command.REDRIVE, "ann@desk", "the bank is back", Result.ACCEPTED, ENDED)
    letter = open_letter("stepfile-letter:orders:order-1/charge", build_record()).summarize()
    yield LetterChanged(replace(letter, status=LetterStatus.REDRIVING), order)
    for status in (LetterStatus.RESOLVED, LetterStatus.OPEN, LetterStatus.POISON):
        yield LetterChanged(replace(letter, status=status, redrives=3), replace(order, result=Result.FAILED))
    purge = replace(order, command=Command.PURGE, reason="", result=Result.DONE)
    yield LetterChanged(replace(letter, status=LetterStatus.PURGED), purge)
    yield LetterChanged(
        letter, replace(purge, result=Result.REFUSED, message="the letter is resolved already")
    )


OF_SHARED_BREAKERS = (
    StateSeen("", SharedState.OPEN, "a threshold was reached"),
    StateSeen("north", SharedState.HALF_OPEN, "a call has asked for a probe"),
    StateSeen("north", SharedState.CLOSED, "probes have succeeded"),
    StateSeen("", SharedState.FORCED_OPEN, "maintenance", "ann@desk"),
    StateSeen("", SharedState.DISABLED, "drill", "ann@desk"),
    NotReached("no worker runs its entity", was_reached=True),
    ReachedAgain(),
)


def list_rows() -> Iterator[tuple[str, str, str, str]]:
    """For each example the name, the level, the message, and the fields beside those of every line."""
    for event in EXAMPLES:
        yield _build_row(describe_event(event), choose_level(event))


def list_rows_of_shared_breakers() -> Iterator[tuple[str, str, str, str]]:
    """The same of what a worker sees of shared circuit breakers."""
    for event in OF_SHARED_BREAKERS:
        yield _build_row(describe_breaker_event("bank", event), choose_breaker_level(event))


def list_rows_of_letters() -> Iterator[tuple[str, str, str, str]]:
    """The same of what becomes of dead letters."""
    for event in _list_letter_events():
        yield _build_row(describe_letter_event(event), choose_letter_level(event))


def _build_row(line: Line, level: int) -> tuple[str, str, str, str]:
    fields = ", ".join(f"`{name}`" for name in line.fields if name not in CONTEXT)
    return f"`{line.name}`", logging.getLevelName(level).lower(), line.text, fields
