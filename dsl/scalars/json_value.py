"""Plain JSON data: what YAML is read into, and what expressions work on."""

from __future__ import annotations

from typing import Any, TypeAlias

JsonValue: TypeAlias = bool | int | float | str | list[Any] | dict[str, Any] | None
"""Shared between inputs and results: never change one in place."""
