"""Fuel counts work in the same way on every machine, so that running out of it replays.

Prices are part of expressions v1: they may fall, and never rise. One unit is about the work of one node of the syntax
tree, a tenth of a microsecond. What the C core of Python does in bulk is priced by size.
"""

from __future__ import annotations

from dsl.expressions.errors import ExprError
from dsl.expressions.limits import Limits

TEXT_PER_FUEL = 32
"""So many code points are read or copied for one unit of fuel."""
ITEMS_PER_FUEL = 4
"""So many places of a list or object are copied for one unit of fuel."""


class Meter:
    """A meter holds the fuel for one YAML scalar. All its expressions draw on the same meter."""

    __slots__ = ("left", "limits")

    def __init__(self, limits: Limits = Limits.V1) -> None:
        self.limits = limits
        self.left = limits.fuel

    @property
    def spent(self) -> int:
        """Get the fuel used so far, at most `limits.fuel`."""
        return self.limits.fuel - max(self.left, 0)

    def charge(self, fuel: int) -> None:
        """Pay for work that is about to be done. Raises `expression-too-costly` when there is not enough left."""
        self.left -= fuel
        if self.left < 0:
            raise ExprError(
                "expression-too-costly",
                f"the expression needs more than {self.limits.fuel:,} units of work",
                hint="move the work into an activity",
            )

    def charge_scan(self, length: int) -> None:
        """Pay for reading `length` code points."""
        self.charge(1 + length // TEXT_PER_FUEL)

    def charge_text(self, length: int) -> None:
        """Pay for a new text of `length` code points. Raises `expression-too-large` when it would be too long."""
        if length > self.limits.text:
            raise ExprError(
                "expression-too-large",
                f"the text would have {length:,} characters; at most {self.limits.text:,}",
            )
        self.charge(1 + length // TEXT_PER_FUEL)

    def charge_items(self, count: int) -> None:
        """Pay for a new list or object of `count` places. Raises `expression-too-large` when it would be too long."""
        if count > self.limits.items:
            raise ExprError(
                "expression-too-large", f"the list would have {count:,} items; at most {self.limits.items:,}"
            )
        self.charge(1 + count // ITEMS_PER_FUEL)

    def charge_sort(self, count: int, length: int = 0) -> None:
        """Pay for sorting `count` values of `length` code points together, in whatever order they are."""
        self.charge(1 + (count + length // TEXT_PER_FUEL) * count.bit_length() // 8)
