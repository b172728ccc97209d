"""A scope says which names exist at a place of a definition. Whoever knows the place fills it in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

Visibility = Literal["ran", "maybe", "later", "elsewhere"]
"""How much is known of a step at a place (`dsl.rules.expressions` tells how that changes):

- `ran`: it has certainly run.
- `maybe`: it may have been skipped, so `?.` or `??` is needed.
- `later`: it has not run yet.
- `elsewhere`: it is in another branch, or in a loop that is not around the place.
"""

Schema = Mapping[str, Any] | bool
"""A JSON Schema."""

STEP_FIELDS = ("result", "status", "error", "attempts")
"""The fields of each step."""
LOOP_FIELDS = ("failed", "succeeded")
"""The fields that a `for_each` has besides."""


def build_object(**fields: Schema) -> dict[str, Any]:
    """Build the schema of an object that has these fields, and no others."""
    return {"type": "object", "properties": fields, "additionalProperties": False}


def _or_null(schema: Mapping[str, Any]) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


ERROR: Final = build_object(
    **dict.fromkeys(("type", "message", "details", "step", "attempts", "timeout_type", "retry_state"), True)
)
"""The schema of an error."""
ERROR["properties"]["cause"] = _or_null(ERROR)

ROOTS: Final[Mapping[str, Schema]] = {
    "run": build_object(
        **dict.fromkeys(("id", "workflow_id", "now", "status"), True),
        error=_or_null(ERROR),
        compensations={"type": "array", "items": build_object(step=True, status=True, error=_or_null(ERROR))},
    ),
    "error": ERROR,
    "step": build_object(key=True),
}
"""The schemas of the roots whose fields are known."""

INSIDE: Final[Mapping[str, Schema]] = {
    "error": _or_null(ERROR),
    "failed": {"type": "array", "items": build_object(index=True, key=True, item=True, error=ERROR)},
}
"""The schemas of the fields of steps that are the same for all steps."""

PLACES: Mapping[str, str] = {
    "input": "everywhere",
    "vars": "everywhere",
    "steps": "everywhere",
    "run": "everywhere",
    "item": "inside a for_each",
    "index": "inside a for_each or a repeat",
    "error": "inside catch, finally and on_failure",
    "result": "inside compensate",
    "step": "inside a step",
    "payload": "inside match and updates",
    "signal": "inside match",
    "secrets": "in the arguments of activities, and in the url, headers, query, json and body of http",
}
"""Where each root of the language exists. The message that it does not exist here says so."""


_NOTHING: Mapping[str, Any] = {}


class Scope(NamedTuple):
    """A scope holds the names that an expression may use at one place."""

    names: tuple[str, ...] = ("input", "vars", "steps", "run")
    """The roots that exist here."""
    places: Mapping[str, str] = PLACES
    """Where the other roots of the language (or of this definition) exist."""
    steps: Mapping[str, Visibility] = _NOTHING
    """Every step id of the definition."""
    loops: frozenset[str] = frozenset()
    """The steps that have `LOOP_FIELDS` besides."""
    schemas: Mapping[str, Schema] = ROOTS
    """The JSON Schemas of roots, as far as they are known: of `input`, of `error`, of `payload` in a `match`."""
    results: Mapping[str, Schema] = _NOTHING
    """The JSON Schemas of the results of steps, by the id of the step."""
    vars: tuple[str, ...] | None = None
    """The declared variables; None when they are not known."""
