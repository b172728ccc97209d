"""Logs and counts what becomes of dead letters."""

from __future__ import annotations

import logging
from logging import ERROR, INFO, WARNING
from typing import assert_never

from temporalio.client import Client

from interpreter.letters.orders import Outcome, Result
from interpreter.letters.status import LetterStatus
from interpreter.letters.summary import LetterSummary
from interpreter.temporal.observing.context import FIELDS
from interpreter.temporal.observing.meter import find_meter
from interpreter.temporal.observing.metrics import MetricLimits
from interpreter.temporal.wire.letter_events import LetterChanged, LetterListener
from interpreter.wording import Line, describe_failure

LETTERS = logging.getLogger("stepfile.letters")
"""What becomes of the dead letters of built-in queues."""


def observe_letters(client: Client, limits: MetricLimits) -> LetterListener:
    """Make what logs and counts what becomes of letters.

    Args:
        client: The client of the worker. If its `Runtime` has metrics, they get those of Stepfile, too.
        limits: How many definitions and steps metrics name.
    """
    meter = find_meter(client, limits)
    if meter is None:
        return log_letter_event

    def log_and_count(event: LetterChanged) -> None:
        log_letter_event(event)
        meter.count_letter_event(event)

    return log_and_count


def log_letter_event(event: LetterChanged) -> None:
    """Write the line of an event."""
    line = describe_letter_event(event)
    LETTERS.log(
        choose_letter_level(event), "%s", line.text, extra={FIELDS: {"event": line.name, **line.fields}}
    )


def choose_letter_level(event: LetterChanged) -> int:
    """The level of an event: an error is for somebody to act on, a warning for somebody to know."""
    if event.letter.status is LetterStatus.POISON:
        return ERROR
    return WARNING if event.letter.status is LetterStatus.OPEN else INFO


def describe_letter_event(event: LetterChanged) -> Line:
    """Put an event into words."""
    letter, order = event.letter, event.order
    fields = {
        "letter": letter.id,
        "queue": letter.queue,
        "definition": letter.definition,
        "step": letter.step,
        "state": letter.status.value,
        "by": order.by if order is not None else None,
    }
    about, by = f"the dead letter {letter.id}", _name_giver(order)
    if order is not None and order.result is Result.REFUSED:
        text = f"{about} has refused an order to {order.command.value} it{by}: {order.message}"
        return Line("dead_letter_order_refused", text, fields)
    return Line("dead_letter_changed", f"{about} {_describe_change(letter, by)}", fields)


def _describe_change(letter: LetterSummary, by: str) -> str:
    failure = describe_failure(letter.error_type, letter.error)
    match letter.status:
        case LetterStatus.OPEN:
            return (
                f"is open again: the redrive{by} has not resolved it: {failure}"
                if by
                else f"is open: {failure}"
            )
        case LetterStatus.POISON:
            return f"is poison: {letter.redrives} redrives have failed, the last one{by}: {failure}"
        case LetterStatus.REDRIVING:
            return f"is redriven{by}"
        case LetterStatus.RESOLVED | LetterStatus.PURGED:
            return f"is {letter.status.value}{by}"
        case _:
            assert_never(letter.status)


def _name_giver(order: Outcome | None) -> str:
    if order is None:
        return ""
    return f" by {order.by}{f' ({order.reason})' if order.reason else ''}"
