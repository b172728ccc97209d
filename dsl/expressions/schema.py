"""A JSON Schema tells something about a path. It is followed as far as it is certain, and no further."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from dsl.expressions.kinds import ANY, Kinds
from dsl.expressions.scope import Schema

_UNCERTAIN = frozenset(
    ("$ref", "$dynamicRef", "anyOf", "oneOf", "allOf", "not", "if", "then", "else", "dependentSchemas")
)
"""Keywords that say more about the fields than `properties`. Beside them nothing is certain."""


class Misfit(NamedTuple):
    """A misfit is the first field of a path that the schema does not know."""

    place: int
    """Its index in the path."""
    certainty: Literal["impossible", "unknown", "no object", "no list"]
    known: tuple[str, ...] = ()


def find_misfit(schema: Schema, path: tuple[str | int, ...]) -> Misfit | None:
    """Find out whether the schema excludes a path, or does not declare it; None when the path may well exist."""
    for place, key in enumerate(path):
        step = _descend(schema, key)
        if isinstance(step, tuple):
            return Misfit(place, *step)
        schema = step
    return None


def follow(schema: Schema, key: str | int) -> Schema:
    """Find the schema of the value at a key: `True`, which says nothing, where the schema does not tell."""
    step = _descend(schema, key)
    return True if isinstance(step, tuple) else step


_Misfit = tuple[Literal["impossible", "unknown", "no object", "no list"], tuple[str, ...]]


def _descend(schema: Schema, key: str | int) -> Schema | _Misfit:
    if not isinstance(schema, dict) or not _UNCERTAIN.isdisjoint(schema):
        return True
    needed = "object" if isinstance(key, str) else "array"
    if needed not in get_kinds(schema):
        return ("no object" if needed == "object" else "no list", ())
    return _get_property(schema, key) if isinstance(key, str) else _get_item(schema, key)


def _get_property(schema: Mapping[str, Any], name: str) -> Schema | _Misfit:
    declared = schema.get("properties", {})
    if name in declared:
        found: Schema = declared[name]
        return found
    others: Schema = schema.get("additionalProperties", True)
    if "patternProperties" in schema:
        return True
    if others is False:
        return ("impossible", tuple(declared))
    if isinstance(others, Mapping):
        return others
    return ("unknown", tuple(declared)) if declared else True


def _get_item(schema: Mapping[str, Any], place: int) -> Schema:
    first = schema.get("prefixItems", [])
    if 0 <= place < len(first):
        found: Schema = first[place]
        return found
    others: Schema = True if first and place < 0 else schema.get("items", True)
    return others if isinstance(others, Mapping) else True


def get_kinds(schema: Schema) -> Kinds:
    """Get the kinds that a value can have: all of them where the schema does not tell."""
    if not isinstance(schema, dict) or not _UNCERTAIN.isdisjoint(schema):
        return ANY
    named = schema.get("type", ANY)
    kinds = (named,) if isinstance(named, str) else tuple(named)
    return (*kinds, "integer") if "number" in kinds else kinds
