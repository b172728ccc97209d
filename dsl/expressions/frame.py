"""Compiled code runs in a frame: one evaluation under way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from dsl.expressions.limits import Limits
from dsl.expressions.meter import Meter


class Frame(Meter):
    """A frame is the evaluation of one scalar: a meter, the roots, and the variables of the macros around a place.

    One object is all three, because a path should cost no more than a microsecond.
    """

    __slots__ = ("context", "slots")

    def __init__(self, context: Mapping[str, Any], limits: Limits, slots: int) -> None:
        self.limits = limits
        self.left = limits.fuel
        self.context = context
        self.slots: list[Any] = [None] * slots


Thunk = Callable[[Frame], Any]

CALL_PRICE = 6
"""The fuel for calling a function: checking its arguments takes as long as several nodes."""
MACRO_PRICE = 8
"""The fuel for setting up a macro."""


class Code(NamedTuple):
    """Code is a compiled node.

    `price` is the fuel for one run, paid in advance by whoever runs it: for the node and all below it that is always
    evaluated. Branches and the bodies of macros have prices of their own, paid when they are entered.
    """

    run: Thunk
    price: int
    gentle: Thunk | None = None
    """What runs left of `??` and inside `has()`: it yields null instead of the errors of a miss."""

    def add_charge(self) -> Thunk:
        """Build a run that pays for itself: for code that may not be reached."""
        run, price = self.run, self.price

        def pay_and_run(frame: Frame) -> Any:
            frame.charge(price)
            return run(frame)

        return pay_and_run
