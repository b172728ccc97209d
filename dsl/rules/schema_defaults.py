"""A `default` that is filled in fits the schema of its property: otherwise nobody could leave the property out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from dsl.json_schema.keywords import list_filled
from dsl.problems.problem import Problem
from dsl.scalars.json_value import JsonValue
from dsl.source.map import Path

_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


def find_bad_defaults(schema: dict[str, Any], place: Path) -> Iterator[Problem]:
    """Find the defaults that are filled in and do not fit.

    Args:
        schema: A valid JSON Schema.
        place: Its path.
    """
    bad: Path = ()
    for inner, path in list_filled(schema, place):
        # What is wrong with the default of a part is wrong with the one around it, too. Parts come right before it.
        if "default" not in inner or _fits_plainly(inner) or bad[: len(path)] == path:
            continue
        # This imports jsonschema, which most definitions do not need.
        from dsl.json_schema.inputs import fill_defaults, find_misfits  # noqa: PLC0415

        misfits = find_misfits(schema, fill_defaults(inner, inner["default"]), inner)
        if misfits:
            bad = path
            wrong = "; ".join(each.describe("default") if each.path else each.message for each in misfits)
            yield Problem(
                "bad-default",
                f"the default does not fit its own schema: {wrong}",
                (*path, "default"),
                hint="it is filled in where nothing is given, and then refused: correct it, or leave it out",
            )


def _fits_plainly(schema: Mapping[str, JsonValue]) -> bool:
    """Tell whether a default fits, as far as that can be seen without a validator: the schema only names its type."""
    named = schema.get("type", [])
    kinds = named if isinstance(named, list) else [named]
    plain = schema.keys() <= {"type", "default", "title", "description"}
    return plain and (not kinds or any(type(schema["default"]) in _KINDS[str(kind)] for kind in kinds))
