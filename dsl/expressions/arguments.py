"""Arguments are of kinds that their function takes."""

from __future__ import annotations

from dsl.expressions.errors import ExprError, Span
from dsl.expressions.functions import Function
from dsl.expressions.kinds import LIST, Kinds, describe_kinds, get_kind


def check_argument(name: str, function: Function, place: int, value: object, span: Span) -> None:
    """Check that `value` can be the argument at `place` (from 0) of `name`. Raises `type-mismatch`."""
    if get_kind(value) not in function.get_accepted_kinds(place):
        raise build_argument_error(name, function, place, (get_kind(value),), span)


def build_argument_error(name: str, function: Function, place: int, given: Kinds, span: Span) -> ExprError:
    """Build the error for an argument that is certainly of another kind."""
    accepted = function.get_accepted_kinds(place)
    hint = function.signature
    if name == "contains" and given == LIST:
        hint = "x in list"
    elif "string" in accepted and "null" not in given:
        hint += "; string(x) makes text"
    return ExprError(
        "type-mismatch", f"{name}() needs {describe_kinds(accepted)}, got {describe_kinds(given)}", span, hint
    )
