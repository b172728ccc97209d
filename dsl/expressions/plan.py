"""A plan knows where the expressions of a YAML value stand, and how to fill their values in.

Only the containers on the way to an expression are copied; everything else is shared with the source. Nothing here
recurses, so no depth of data can overflow Python's stack.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from dsl.expressions.errors import ExprError
from dsl.expressions.scalar import Scalar, parse_interpolated
from dsl.scalars.json_value import JsonValue

Path = tuple[str | int, ...]


class Container(NamedTuple):
    """This is a list or object, and where it stands in its parent (-1 is nowhere: it is the source itself)."""

    parent: int
    key: Any
    value: Any


class Plan(NamedTuple):
    """A plan holds the source, the containers to copy (parents first), the scalars, and the container of each."""

    source: JsonValue
    containers: tuple[Container, ...]
    scalars: tuple[Scalar, ...]
    holders: tuple[int, ...]
    refused: tuple[tuple[Path, ExprError], ...] = ()

    def fill(self, values: list[Any]) -> JsonValue:
        """Build the source with a value in the place of each scalar."""
        if not self.containers:
            result: JsonValue = values[0] if values else self.source
            return result
        copies = [container.value.copy() for container in self.containers]
        for copy, container in zip(copies[1:], self.containers[1:], strict=True):
            copies[container.parent][container.key] = copy
        for value, scalar, holder in zip(values, self.scalars, self.holders, strict=True):
            copies[holder][scalar.path[-1]] = value
        filled: JsonValue = copies[0]
        return filled


def plan(source: JsonValue) -> Plan:
    """Find the expressions of any JSON data. This never raises."""
    seen: list[Container] = []
    needed: dict[int, int] = {}
    scalars: list[Scalar] = []
    holders: list[int] = []
    refused: list[tuple[Path, ExprError]] = []
    waiting = [Container(-1, None, source)]
    while waiting:
        item = waiting.pop()
        if type(item.value) is str:
            if "${" in item.value:
                scalars.append(parse_interpolated(item.value, _trace_path(seen, item)))
                holders.append(_number_container(seen, needed, item.parent))
        elif type(item.value) in (list, dict):
            number = len(seen)
            seen.append(item)
            children = _list_children(number, item.value)
            refused.extend(
                (_trace_path(seen, child), _build_key_error(child.key))
                for child in children
                if _is_live(child.key)
            )
            waiting.extend(reversed(children))
    containers = tuple(_renumber(seen[number], needed) for number in needed)
    return Plan(source, containers, tuple(scalars), tuple(holders), tuple(refused))


def _list_children(parent: int, value: dict[str, Any] | list[Any]) -> list[Container]:
    pairs: Iterable[tuple[str | int, Any]] = value.items() if type(value) is dict else enumerate(value)
    return [Container(parent, key, child) for key, child in pairs]


def _trace_path(seen: list[Container], item: Container) -> Path:
    keys: list[str | int] = []
    while item.parent >= 0:
        keys.append(item.key)
        item = seen[item.parent]
    return tuple(reversed(keys))


def _number_container(seen: list[Container], needed: dict[int, int], number: int) -> int:
    """Number a container among those to copy, after all those around it."""
    around: list[int] = []
    while number >= 0 and number not in needed:
        around.append(number)
        number = seen[number].parent
    for inner in reversed(around):
        needed[inner] = len(needed)
        number = inner
    return needed.get(number, -1)


def _renumber(container: Container, needed: dict[int, int]) -> Container:
    return container._replace(parent=needed.get(container.parent, -1))


def _is_live(key: object) -> bool:
    return type(key) is str and "${" in key


def _build_key_error(key: str) -> ExprError:
    start = key.index("${")
    hint = "make the object in one expression: ${ {a.b: c} }"
    return ExprError("bad-expression", "an expression cannot be a key", (start, len(key)), hint)
