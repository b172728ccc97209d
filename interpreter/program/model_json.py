"""Write a map of the language as JSON, as a definition would say it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias

from dsl.model.model import Model
from dsl.scalars.duration import format_duration
from dsl.scalars.json_value import JsonValue

_Setting: TypeAlias = Model | timedelta | dict[str, Any] | tuple[Any, ...] | str | int | float | None


def encode_model(value: _Setting) -> JsonValue:
    """Write a map, or what stands in one; what is not said is left out. The model reads it back."""
    match value:
        case Model():
            return {name: encode_model(getattr(value, name)) for name in sorted(value.model_fields_set)}
        case timedelta():
            return format_duration(value)
        case dict():
            return {key: encode_model(item) for key, item in value.items()}
        case tuple():
            return list(value)
        case _:
            return value
