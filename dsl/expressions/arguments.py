"""Whether an argument is of a kind that the function takes."""

from __future__ import annotations

from dsl.expressions.errors import ExprError, Span
from dsl.expressions.functions import Function
from dsl.expressions.kinds import LIST, Kinds, kind_of, speak


def check_argument(name: str, function: Function, place: int, value: object, span: Span) -> None:
    """Raises `E_TYPE` when `value` cannot be the argument at `place` (from 0) of `name`."""
    if kind_of(value) not in function.accepted(place):
        raise wrong_argument(name, function, place, (kind_of(value),), span)


def wrong_argument(name: str, function: Function, place: int, given: Kinds, span: Span) -> ExprError:
    """The error for an argument that is certainly of another kind."""
    accepted = function.accepted(place)
    hint = function.signature
    if name == "contains" and given == LIST:
        hint = "x in list"
    elif "string" in accepted and "null" not in given:
        hint += "; string(x) makes text"
    return ExprError("E_TYPE", f"{name}() needs {speak(accepted)}, got {speak(given)}", span, hint)
