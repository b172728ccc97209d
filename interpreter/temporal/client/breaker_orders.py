"""Check an order for a shared circuit breaker before it is sent: a slip would make a breaker that no step asks."""

from __future__ import annotations

from datetime import timedelta

from dsl.model.values import LONGEST_DURATION, NAME, is_name
from dsl.problems.snippet import make_printable
from dsl.problems.wording import quote
from dsl.scalars.duration import format_duration
from dsl.scalars.text import is_sendable
from interpreter.calls.shared_breaker_call import LONGEST_KEY
from interpreter.messages.compensation_orders import LONGEST_TEXT
from interpreter.temporal.client.breaker_problem import BreakerProblem


def check_target(name: str, key: str | None) -> None:
    """Check that a definition can declare this breaker, and that a step can have this key.

    Args:
        name: The name of the breaker.
        key: Its key; None if it has none.

    Raises:
        BreakerProblem: no breaker has such a name or such a key.
    """
    if not is_name(name):
        raise BreakerProblem(f"{_show(name)} can't be the name of a circuit breaker", f"expected {NAME}")
    if key is None:
        return
    if not key:
        raise BreakerProblem(
            "the key of the circuit breaker is empty",
            f"a key has 1 to {LONGEST_KEY} characters; a breaker without keys is given orders without one",
        )
    if len(key) > LONGEST_KEY:
        raise BreakerProblem(
            f"the key of a circuit breaker has at most {LONGEST_KEY} characters, found {len(key):,}"
        )
    if not is_sendable(key):
        raise BreakerProblem(f"{_show(key)} can't be the key of a circuit breaker: it is not UTF-8")


def check_terms(reason: str, lasts: timedelta | None) -> None:
    """Check the reason of an order, and how long it holds.

    Args:
        reason: Why it is given; it may be empty.
        lasts: How long it holds; None if only another order ends it.

    Raises:
        BreakerProblem: the order would be refused, or could not be kept.
    """
    if len(reason) > LONGEST_TEXT:
        raise BreakerProblem(
            f"the reason of an order has at most {LONGEST_TEXT} characters, found {len(reason):,}"
        )
    if not is_sendable(reason):
        raise BreakerProblem("the reason of the order is not UTF-8")
    if lasts is None:
        return
    longest = f"{format_duration(LONGEST_DURATION)} (100 years)"
    if lasts <= timedelta(0):
        raise BreakerProblem(
            "the order would hold for no time: expected a duration longer than zero",
            f"it holds for at most {longest}, or without a duration until another order",
        )
    if lasts > LONGEST_DURATION:
        raise BreakerProblem(
            f"the order would hold for {format_duration(lasts)}: expected at most {longest}",
            "without a duration it holds until another order",
        )


def _show(text: str) -> str:
    return make_printable(quote(text))
