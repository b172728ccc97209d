"""Find parameters of activities whose type temporalio makes of no JSON value at all, such as `date` or `Decimal`.

A call of such an activity fails while its arguments are decoded, whatever they are, and is repeated for ever.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterable
from inspect import getattr_static, isclass
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

from temporalio.converter import value_to_type

Hint: TypeAlias = Any
"""The type of a parameter: a class, or a form such as `list[int]` and `date | None`."""

_REFUSED = "Unserializable type"
"""temporalio begins its message so where it knows no way to make values of a type."""


def find_impossible(hint: Hint, around: tuple[Hint, ...] = ()) -> str | None:
    """Return the name of the type, or of a type inside it, that temporalio's own data converter can't make.

    Args:
        hint: The type of a parameter.
        around: The types that it is part of; a dataclass may hold itself.

    Returns:
        The name, or None if there is no such type.
    """
    if hint in (None, Any, *around):  # no annotation is None
        return None
    inside = (*around, hint)
    parts = _list_parts(hint)
    if _is_union(hint):
        found = [find_impossible(each, inside) for each in parts]
        return found[0] if found and all(found) else None
    return next(filter(None, (find_impossible(each, inside) for each in parts)), None) or _try(hint)


def _list_parts(hint: Hint) -> list[Hint]:
    """List the types that values inside a value must have."""
    if dataclasses.is_dataclass(hint):
        try:
            hints = get_type_hints(hint)
        except Exception:  # a name that exists for type checkers only
            return []
        fields = dataclasses.fields(hint)
        nothing = dataclasses.MISSING
        required = [each for each in fields if each.default is nothing and each.default_factory is nothing]
        return [hints[each.name] for each in required]
    if _is_union(hint):
        return [each for each in get_args(hint) if each is not types.NoneType]
    origin: Any = get_origin(hint)
    if isclass(origin) and issubclass(origin, Iterable):
        return [each for each in get_args(hint) if isclass(each) or get_origin(each) is not None]
    return []


def _is_union(hint: Hint) -> bool:
    origin: Any = get_origin(hint)
    return origin in (Union, types.UnionType)


def _try(hint: Hint) -> str | None:
    if getattr_static(hint, "parse_obj", None) is not None:  # pydantic's models need a converter of their own
        return None
    try:
        value_to_type(hint, "")
    except Exception as error:
        if str(error).startswith(_REFUSED):
            return hint.__name__ if isclass(hint) else str(hint)
    return None
