"""Which names exist at a place of a definition: plain data, filled in by whoever knows the place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Visibility = Literal["ran", "maybe", "later", "elsewhere"]
"""`ran`: has certainly run here. `maybe`: a branch may have skipped it, so `?.` or `??` is needed.
`later`: has not run yet. `elsewhere`: in another branch, or in a loop's body that is not around this place."""

Schema = Mapping[str, Any] | bool
"""A JSON Schema."""

STEP_FIELDS = ("result", "status", "error", "attempts")
LOOP_FIELDS = ("failed", "succeeded")
"""Of a `for_each`."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "run": ("id", "workflow_id", "now", "status", "error", "compensations"),
    "error": ("type", "message", "details", "step", "attempts", "timeout_type", "retry_state", "cause"),
    "step": ("key",),
}
"""The roots whose fields are known."""

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
    "secrets": "nowhere yet",
}
"""Where each root of the language exists, for the message that it does not exist here."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that an expression may use at one place."""

    names: tuple[str, ...] = ("input", "vars", "steps", "run")
    """The roots that exist here."""
    places: Mapping[str, str] = field(default_factory=lambda: PLACES)
    """Where the other roots of the language (or of this definition) exist."""
    steps: Mapping[str, Visibility] = field(default_factory=dict)
    """Every step id of the definition."""
    loops: frozenset[str] = frozenset()
    """The steps that have `LOOP_FIELDS`, too."""
    schemas: Mapping[str, Schema] = field(default_factory=dict)
    """The JSON Schema of a root: of `input`, or of `payload` in a `match`."""
    results: Mapping[str, Schema] = field(default_factory=dict)
    """The JSON Schema of a step's result, by step id."""
    vars: tuple[str, ...] | None = None
    """The declared variables; None when they are not known."""
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: FIELDS)
    """The roots that have these fields and no others."""
