"""Some thirty rules ask the same of one definition, one after the other. What they ask is found once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import TypeVar

from dsl.model import Definition

T = TypeVar("T")


def remember_last(find: Callable[[Definition], Iterable[T]]) -> Callable[[Definition], tuple[T, ...]]:
    """Remember what a function has found in the definition that it was asked for last.

    Definitions are frozen, so what was found in one stays true. They can't be keys of a map, since they hold maps.
    The last one is enough, because one definition is checked by all rules before the next one.
    """
    last: tuple[Definition, tuple[T, ...]] | None = None

    @wraps(find)
    def find_or_remember(definition: Definition) -> tuple[T, ...]:
        nonlocal last
        known = last  # another thread may check another definition meanwhile
        if known is None or known[0] is not definition:
            known = last = (definition, tuple(find(definition)))
        return known[1]

    return find_or_remember
