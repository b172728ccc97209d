"""Macros are functions whose last arguments are evaluated once per item. They have CEL's names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import compress
from typing import Any, NamedTuple

from dsl.expressions.collection_functions import put
from dsl.expressions.errors import ExprError
from dsl.expressions.frame import Code, Frame
from dsl.expressions.kinds import BOOLEAN, LIST, OBJECT, Kinds, describe_kind
from dsl.expressions.number_functions import check_order


class Loop(NamedTuple):
    """A loop is a body, and the slot of the variable from which it reads the item."""

    slot: int
    body: Code

    def run_each(self, frame: Frame, items: list[Any]) -> list[Any]:
        """Compute the body's value for every item. All are paid in advance."""
        frame.charge(len(items) * (1 + self.body.price))
        slots, slot, run = frame.slots, self.slot, self.body.run
        return [run(frame) for slots[slot] in items]

    def run_one_by_one(self, frame: Frame, items: list[Any], macro: str) -> Iterator[bool]:
        """Yield the body's answer for every item as long as someone asks. Each is paid when it is asked for."""
        slots, slot, run, price = frame.slots, self.slot, self.body.run, 2 + self.body.price
        for slots[slot] in items:
            frame.charge(price)
            yield _require_boolean(run(frame), macro)

    def select(self, frame: Frame, items: list[Any], macro: str) -> list[Any]:
        """Select the items for which the body is true."""
        answers = self.run_each(frame, items)
        if list(map(type, answers)).count(bool) < len(answers):
            _require_boolean(next(answer for answer in answers if type(answer) is not bool), macro)
        return list(compress(items, answers))


class Macro(NamedTuple):
    """A macro says how it is written, what it gives, and what runs it: `run(frame, items, *loops)`."""

    signature: str
    gives: Kinds
    run: Callable[..., Any]
    bodies: tuple[int, ...] = (1,)
    """The numbers of bodies that it can have."""
    tests: bool = False
    """Whether the (first) body must be true or false."""


def _require_boolean(value: Any, macro: str) -> bool:
    if value is True or value is False:
        return bool(value)
    raise ExprError(
        "type-mismatch", f"{macro}() needs a body that is true or false, got {describe_kind(value)}"
    )


def _map(frame: Frame, items: list[Any], *loops: Loop) -> list[Any]:
    kept = loops[0].select(frame, items, "map") if len(loops) == 2 else items
    frame.charge_items(len(kept))
    return loops[-1].run_each(frame, kept)


def _filter(frame: Frame, items: list[Any], loop: Loop) -> list[Any]:
    kept = loop.select(frame, items, "filter")
    frame.charge_items(len(kept))
    return kept


def _all(frame: Frame, items: list[Any], loop: Loop) -> bool:
    return all(loop.run_one_by_one(frame, items, "all"))


def _exists(frame: Frame, items: list[Any], loop: Loop) -> bool:
    return any(loop.run_one_by_one(frame, items, "exists"))


def _exists_one(frame: Frame, items: list[Any], loop: Loop) -> bool:
    return sum(loop.run_one_by_one(frame, items, "exists_one")) == 1


def _sort_by(frame: Frame, items: list[Any], loop: Loop) -> list[Any]:
    frame.charge_items(len(items))
    order = loop.run_each(frame, items)
    length = check_order(frame, order, "sortBy()")
    frame.charge_sort(len(items), length)
    return [items[place] for place in sorted(range(len(items)), key=order.__getitem__)]


def _group_by(frame: Frame, items: list[Any], loop: Loop) -> dict[str, Any]:
    frame.charge_items(len(items))
    groups: dict[str, Any] = {}
    for name, item in zip(_evaluate_keys(frame, items, loop, "groupBy"), items, strict=True):
        groups.setdefault(name, []).append(item)
    return groups


def _index_by(frame: Frame, items: list[Any], loop: Loop) -> dict[str, Any]:
    frame.charge_items(len(items))
    index: dict[str, Any] = {}
    for name, item in zip(_evaluate_keys(frame, items, loop, "indexBy"), items, strict=True):
        put(index, name, item, "indexBy()")
    return index


def _evaluate_keys(frame: Frame, items: list[Any], loop: Loop, macro: str) -> list[str]:
    names = loop.run_each(frame, items)
    frame.charge(len(names))
    for name in names:
        if type(name) is not str:
            raise ExprError(
                "type-mismatch",
                f"{macro}() needs keys that are text, got {describe_kind(name)}",
                hint="string(x)",
            )
        frame.charge_scan(len(name))
    return names


MACROS: dict[str, Macro] = {
    "map": Macro("list.map(x, e) or list.map(x, condition, e)", LIST, _map, bodies=(1, 2)),
    "filter": Macro("list.filter(x, condition)", LIST, _filter, tests=True),
    "all": Macro("list.all(x, condition)", BOOLEAN, _all, tests=True),
    "exists": Macro("list.exists(x, condition)", BOOLEAN, _exists, tests=True),
    "exists_one": Macro("list.exists_one(x, condition)", BOOLEAN, _exists_one, tests=True),
    "sortBy": Macro("list.sortBy(x, key)", LIST, _sort_by),
    "groupBy": Macro("list.groupBy(x, key)", OBJECT, _group_by),
    "indexBy": Macro("list.indexBy(x, key)", OBJECT, _index_by),
}

HAS = "has(a.b)"
"""The signature of the one macro that is not a method."""
