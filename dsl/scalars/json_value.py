"""YAML is read into plain JSON data, and expressions work on it."""

from __future__ import annotations

from typing import Any, TypeAlias

JsonValue: TypeAlias = bool | int | float | str | list[Any] | dict[str, Any] | None
"""Data is shared between inputs and results, so it must never be changed in place."""
