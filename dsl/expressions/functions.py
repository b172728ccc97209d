"""The functions of the language stand in one visible table. `f(a, b)` and `a.f(b)` are the same call."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from dsl.expressions import collection_functions as collections
from dsl.expressions import number_functions as numbers
from dsl.expressions import text_functions as texts
from dsl.expressions.kinds import (
    ANY,
    BOOLEAN,
    INTEGER,
    LIST,
    NUMBER,
    OBJECT,
    SOMETHING,
    TEXT,
    Kinds,
)
from dsl.scalars.json_value import JsonValue


class Function(NamedTuple):
    """A function says how it is written, what it takes and gives, and what computes it.

    The kinds of the arguments are checked before `run` is called; the last of `takes` holds for all further
    arguments. `run` gets the meter first, pays for its work before doing it, and raises `ExprError` only.
    """

    signature: str
    takes: tuple[Kinds, ...]
    gives: Kinds
    run: Callable[..., JsonValue]
    least: int
    most: int | None
    reads: bool = False
    """Whether the call is an access: an `index-out-of-range` of its own is a miss that `??` catches."""

    def get_accepted_kinds(self, place: int) -> Kinds:
        """Get the kinds that the argument at `place` (from 0) can have."""
        return self.takes[min(place, len(self.takes) - 1)]


def _declare_function(
    signature: str,
    takes: tuple[Kinds, ...],
    gives: Kinds,
    run: Callable[..., JsonValue],
    *,
    optional: int = 0,
    any_number: bool = False,
    reads: bool = False,
) -> Function:
    most = None if any_number else len(takes)
    return Function(signature, takes, gives, run, len(takes) - optional, most, reads)


_SIZED: Kinds = ("string", "array", "object")
_SLICED: Kinds = ("string", "array")
_PARSED: Kinds = ("integer", "number", "string")
_COMPARED: Kinds = ("array", "integer", "number", "string")
_ORDERED: Kinds = ("integer", "number", "string")

FUNCTIONS: dict[str, Function] = {
    "size": _declare_function("size(x)", (_SIZED,), INTEGER, collections.size),
    "type": _declare_function("type(x)", (ANY,), TEXT, texts.type_name),
    "string": _declare_function("string(x)", (SOMETHING,), TEXT, texts.string),
    "int": _declare_function("int(x)", (_PARSED,), INTEGER, numbers.integer),
    "double": _declare_function("double(x)", (_PARSED,), ("number",), numbers.double),
    "toJson": _declare_function("toJson(x)", (ANY,), TEXT, texts.to_json),
    "lower": _declare_function("lower(text)", (TEXT,), TEXT, texts.lower),
    "upper": _declare_function("upper(text)", (TEXT,), TEXT, texts.upper),
    "trim": _declare_function("trim(text)", (TEXT,), TEXT, texts.trim),
    "startsWith": _declare_function("startsWith(text, start)", (TEXT, TEXT), BOOLEAN, texts.starts_with),
    "endsWith": _declare_function("endsWith(text, end)", (TEXT, TEXT), BOOLEAN, texts.ends_with),
    "contains": _declare_function("contains(text, part)", (TEXT, TEXT), BOOLEAN, texts.contains),
    "split": _declare_function("split(text, separator)", (TEXT, TEXT), LIST, texts.split),
    "join": _declare_function("join(list, separator)", (LIST, TEXT), TEXT, texts.join),
    "replace": _declare_function("replace(text, old, new)", (TEXT, TEXT, TEXT), TEXT, texts.replace),
    "slice": _declare_function(
        "slice(x, start[, end])", (_SLICED, NUMBER, NUMBER), _SLICED, collections.slice_value, optional=1
    ),
    "keys": _declare_function("keys(object)", (OBJECT,), LIST, collections.keys),
    "values": _declare_function("values(object)", (OBJECT,), LIST, collections.values),
    "entries": _declare_function("entries(object)", (OBJECT,), LIST, collections.entries),
    "fromEntries": _declare_function("fromEntries(list)", (LIST,), OBJECT, collections.from_entries),
    "merge": _declare_function(
        "merge(object, object...)", (OBJECT, OBJECT), OBJECT, collections.merge, any_number=True
    ),
    "sum": _declare_function("sum(list)", (LIST,), NUMBER, numbers.total),
    "min": _declare_function(
        "min(list) or min(a, b...)",
        (_COMPARED, _ORDERED),
        _ORDERED,
        numbers.least,
        optional=1,
        any_number=True,
    ),
    "max": _declare_function(
        "max(list) or max(a, b...)",
        (_COMPARED, _ORDERED),
        _ORDERED,
        numbers.most,
        optional=1,
        any_number=True,
    ),
    "abs": _declare_function("abs(number)", (NUMBER,), NUMBER, numbers.absolute),
    "floor": _declare_function("floor(number)", (NUMBER,), INTEGER, numbers.floor),
    "ceil": _declare_function("ceil(number)", (NUMBER,), INTEGER, numbers.ceil),
    "round": _declare_function("round(number)", (NUMBER,), INTEGER, numbers.round_away),
    "range": _declare_function(
        "range(count) or range(start, end)", (NUMBER, NUMBER), LIST, collections.count_up, optional=1
    ),
    "flatten": _declare_function("flatten(list)", (LIST,), LIST, collections.flatten),
    "distinct": _declare_function("distinct(list)", (LIST,), LIST, collections.distinct),
    "first": _declare_function("first(list)", (LIST,), ANY, collections.first, reads=True),
    "reverse": _declare_function("reverse(list)", (LIST,), LIST, collections.reverse),
}
