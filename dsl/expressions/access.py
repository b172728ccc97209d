"""The links of a chain are compiled: fields, items, methods and macros.

A *miss* is a field that does not exist, null in the way, or an index out of range. A plain link raises an error then.
A link on either side of `?.` ends the chain, and so does every link of a chain that is read gently (left of `??`,
inside `has()`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from dsl.expressions.arguments import check_argument
from dsl.expressions.collection_functions import sort_keys
from dsl.expressions.errors import ExprError, Span
from dsl.expressions.frame import Frame, Thunk
from dsl.expressions.functions import Function
from dsl.expressions.kinds import describe_kind, shorten
from dsl.expressions.macros import Loop, Macro
from dsl.problems.neighbours import IN_EXPRESSIONS
from dsl.problems.suggest import did_you_mean
from dsl.scalars.json_value import JsonValue

LinkCode = Callable[[Frame, Any], Any]
"""The code of one link: from the value so far to the next one, or to `ENDED`."""


class _Ended:
    """The rest of the chain is null."""


ENDED: Final = _Ended()


def look(value: JsonValue, key: Any, place: str, span: Span) -> Any:
    """Look up `value[key]`: a field of an object by text, an item of a list by number (negative from the end).

    A miss yields `ENDED`. Raises `type-mismatch`, which names `place`, where there can be nothing to find.
    """
    if value is None:
        return ENDED
    if type(value) is dict and type(key) is str:
        return value.get(key, ENDED)
    if type(value) is list and _is_count(key):
        return value[int(key)] if -len(value) <= key < len(value) else ENDED
    raise _build_type_error(value, key, place, span)


def read(value: Any, key: Any, place: str, span: Span) -> Any:
    """Read `value[key]`. Raises `unknown-field`, `index-out-of-range` or `null-value` for a miss."""
    found = look(value, key, place, span)
    if found is ENDED:
        raise _build_miss_error(value, key, place, span)
    return found


def _build_miss_error(
    value: dict[str, Any] | list[Any] | None, key: Any, place: str, span: Span
) -> ExprError:
    if value is None:
        return _build_null_error(place, span)
    if type(value) is dict:
        return ExprError(
            "unknown-field",
            f'no field "{shorten(key)}" in {place}',
            span,
            did_you_mean(key, value, IN_EXPRESSIONS),
        )
    items = "1 item" if len(value) == 1 else f"{len(value)} items"
    return ExprError(
        "index-out-of-range", f"no item {shorten(str(int(key)))} in {place}: the list has {items}", span
    )


def _build_null_error(place: str, span: Span) -> ExprError:
    return ExprError("null-value", f"{place} is null", span, "use ?. or ?? to allow for null")


def _is_count(key: object) -> bool:
    return type(key) is int or (type(key) is float and key.is_integer())


def _build_type_error(value: JsonValue, key: Any, place: str, span: Span) -> ExprError:
    if type(value) is dict:
        return ExprError(
            "type-mismatch", f"the keys of {place} are text; got {describe_kind(key)}", span, "string(x)"
        )
    if type(value) is list and type(key) is str:
        hint = f"{place}.map(x, x.{key}), or {place}[0].{key}"
        return ExprError("type-mismatch", f"{place} is a list and has no fields", span, hint)
    if type(value) is list:
        return ExprError("type-mismatch", f"the index of an item of {place} must be a whole number", span)
    slicing = "slice(text, start, end)" if type(value) is str and _is_count(key) else None
    return ExprError("type-mismatch", f"{place} is {describe_kind(value)} and has no fields", span, slicing)


def compile_field(name: str, place: str, span: Span, gentle: bool, optional: bool) -> LinkCode:
    """Compile `.name`. If it is `optional`, null ends the chain too."""
    return compile_index(lambda frame: name, place, span, gentle, optional)


def compile_index(key: Thunk, place: str, span: Span, gentle: bool, optional: bool) -> LinkCode:
    """Compile `[key]`. If it is `optional`, null ends the chain too."""

    def follow(frame: Frame, value: Any) -> Any:
        return read(value, key(frame), place, span)

    def follow_gently(frame: Frame, value: Any) -> Any:
        found = look(value, key(frame), place, span)
        return ENDED if optional and found is None else found

    return follow_gently if gentle else follow


def compile_method(
    name: str,
    function: Function,
    arguments: tuple[Thunk, ...],
    place: str,
    spans: tuple[Span, ...],
    gentle: bool,
) -> LinkCode:
    """Compile `.f(b, ...)`. `spans` are those of the call and of its arguments."""
    takes_null = "null" in function.get_accepted_kinds(0)

    def follow(frame: Frame, value: Any) -> Any:
        if value is None and not takes_null:
            return _stop_at_null(place, spans[0], gentle)
        values = [value, *[argument(frame) for argument in arguments]]
        try:
            for at, argument in enumerate(values):
                check_argument(name, function, at, argument, spans[at])
            return function.run(frame, *values)
        except ExprError as error:
            if gentle and function.reads and error.code == "index-out-of-range":
                return ENDED
            raise error.place_at(spans[0]) from None

    return follow


def compile_macro(macro: Macro, loops: tuple[Loop, ...], place: str, span: Span, gentle: bool) -> LinkCode:
    """Compile `.map(x, e)`. It goes over the items of a list, or over the keys of an object in sorted order."""

    def follow(frame: Frame, value: JsonValue) -> Any:
        if value is None:
            return _stop_at_null(place, span, gentle)
        try:
            if type(value) is dict:
                value = sort_keys(frame, value)
            elif type(value) is not list:
                raise ExprError(
                    "type-mismatch", f"{place} is {describe_kind(value)}; macros work on lists and objects"
                )
            return macro.run(frame, value, *loops)
        except ExprError as error:
            raise error.place_at(span) from None

    return follow


def _stop_at_null(place: str, span: Span, gentle: bool) -> _Ended:
    if gentle:
        return ENDED
    raise _build_null_error(place, span)
