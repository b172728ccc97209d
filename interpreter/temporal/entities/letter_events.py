"""What becomes of a letter reaches those who listen, once: a replay tells nothing again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from temporalio import workflow

from interpreter.letters.letter import LetterState
from interpreter.letters.orders import Command, Outcome, Result
from interpreter.letters.status import LetterStatus
from interpreter.temporal.wire.letter_events import LETTER_EXTERN, LetterChanged, LetterListener


class LetterObservation:
    """Tells the listeners of the worker what becomes of one letter."""

    def __init__(self) -> None:
        # temporalio says `Callable` without the types of parameters and result.
        functions: Mapping[str, LetterListener] = workflow.extern_functions()  # pyright: ignore
        self._listener = functions.get(LETTER_EXTERN)

    def tell(self, before: LetterState, after: LetterState) -> None:
        """Tell what has changed, if it is a state, or an order was refused."""
        if self._listener is None or workflow.unsafe.is_replaying():
            return
        order = find_cause(before, after)
        is_refused = order is not None and order.result is Result.REFUSED
        if after.status is not before.status or is_refused:
            with suppress(Exception):  # a log or a meter that fails must not block the letter
                self._listener(LetterChanged(after.summarize(), order))


def find_cause(before: LetterState, after: LetterState) -> Outcome | None:
    """Find the order that has made one state from another, or was refused; None if it was no order."""
    order = next((each for each in after.outcomes if each not in before.outcomes), None)
    if order is None or order.result is not Result.FAILED or after.status is not LetterStatus.RESOLVED:
        return order
    # The redrive has not resolved the letter, but a run has done so while it went on.
    facts = (each for each in reversed(after.outcomes) if each.command is Command.RESOLVE)
    return next((each for each in facts if each.result is Result.DONE), order)
