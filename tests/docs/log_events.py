"""One example of each event that is logged, and of each way in which it can end; the reference is made of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from interpreter.events import (
    BreakerChanged,
    CompensationEnded,
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
from interpreter.temporal.observing.context import CONTEXT
from interpreter.temporal.observing.run_log import choose_level
from interpreter.temporal.observing.wording import describe_event

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
    RetryScheduled(STEP, 1, timedelta(seconds=5), WHY),
    ItemEnded(Place("all", "all"), 3, None),
    ItemEnded(Place("all", "all"), 3, WHY),
    UndoingStarted(2),
    CompensationStarted(STEP),
    CompensationEnded(STEP, "completed", BEGAN, ENDED, None),
    CompensationEnded(STEP, "failed", BEGAN, ENDED, WHY),
    CompensationEnded(STEP, "skipped", BEGAN, ENDED, None),
    UndoingEnded(2, 0),
    UndoingEnded(1, 1),
    DeadLetterWritten(STEP, "letters", WHY, None),
    DeadLetterWritten(STEP, "letters", WHY, Failure("Timeout", "too late")),
    BreakerChanged("bank", "open"),
    BreakerChanged("bank", "half_open"),
    BreakerChanged("bank", "closed"),
)


def list_rows() -> Iterator[tuple[str, str, str, str]]:
    """For each example the name, the level, the message, and the fields beside those of every line."""
    for event in EXAMPLES:
        line = describe_event(event)
        fields = ", ".join(f"`{name}`" for name in line.fields if name not in CONTEXT)
        yield f"`{line.name}`", logging.getLevelName(choose_level(event)).lower(), line.text, fields
