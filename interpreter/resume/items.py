"""The items of a loop that has failed: those that have failed run again."""

from __future__ import annotations

from dsl.model import ForEachStep
from interpreter.state.step_state import ForEachState


def reopen_items(step: ForEachStep, state: ForEachState, *, has_letters: bool) -> str | None:
    """Let the failed items of a loop run again.

    Those that have a dead letter do not: whoever acts on the letter runs them. Items that have not come to their
    end are open already.

    Args:
        step: The loop.
        state: How far it has come. It is changed in place.
        has_letters: Whether its failed items have dead letters.

    Returns:
        Why that can't be; None if it could.
    """
    if step.collect == "none" and state.failures:
        if has_letters or step.tolerate_failures is not None:
            return "which of its items have failed is not known, because it collects none"
        state.failures = 0  # none is tolerated, so those that have failed are open still
        return None
    again = {each["index"]: each["item"] for each in state.failed}
    if has_letters:
        again = {number: item for number, item in again.items() if number in state.open}
    state.open = {**again, **state.open}
    state.failed = [each for each in state.failed if each["index"] not in again]
    state.failures -= len(again)
    if state.failures and not state.open:
        return "more of its items have failed than it tolerates, and they have dead letters: redrive those"
    return None
