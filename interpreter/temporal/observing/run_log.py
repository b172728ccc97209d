"""The log of a worker tells what happens in its runs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from logging import DEBUG, ERROR, INFO, WARNING
from typing import Any, assert_never

from interpreter.events import (
    BreakerChanged,
    BreakerUnobserved,
    CompensationEnded,
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
from interpreter.temporal.observing.context import FIELDS
from interpreter.temporal.wire.listening import ObservedRun
from interpreter.wording import describe_event

RUNS = logging.getLogger("stepfile.run")
"""What happens in runs."""


def log_event(run: ObservedRun, event: Event) -> None:
    """Write the line of an event, if its level is wanted."""
    level = choose_level(event)
    if RUNS.isEnabledFor(level):  # most events are steps, whose lines nobody wants
        line = describe_event(event)
        about = {**_describe_run(run), "event": line.name, **line.fields}
        RUNS.log(level, "%s", line.text, extra={FIELDS: about})


def choose_level(event: Event) -> int:
    """The level of an event: an error is for somebody to act on, a warning for somebody to know."""
    match event:
        case StepStarted():
            return DEBUG
        case StepEnded(outcome=outcome):
            return INFO if outcome == "caught" else DEBUG
        case ItemEnded(failure=failure):
            return DEBUG if failure is None else WARNING
        case RunStarted() | RunContinuedAsNew() | RetryScheduled() | UndoingStarted() | CompensationStarted():
            return INFO
        case StartRefused() | BreakerUnobserved():
            return WARNING
        case RunEnded(outcome=outcome):
            return WARNING if outcome == "failed" else INFO
        case CompensationEnded(outcome=outcome):
            return INFO if outcome == "completed" else ERROR
        case UndoingEnded(not_undone=not_undone):
            return ERROR if not_undone else INFO
        case DeadLetterWritten(lost=lost):
            return WARNING if lost is None else ERROR
        case BreakerChanged(state=state):
            return WARNING if state == "open" else INFO
        case _:
            assert_never(event)


def _describe_run(run: ObservedRun) -> Mapping[str, Any]:
    return {
        "definition": run.definition,
        "version": run.version,
        "workflow_id": run.workflow_id,
        "run_id": run.run_id,
    }
