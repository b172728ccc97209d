"""What all parts of the model share: frozen, closed, and every key explained."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """A map of a definition. Unknown keys are refused; nothing is converted behind the writer's back."""

    noun: ClassVar[str]
    """What a message calls this map."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        defer_build=True,  # only `Definition` is ever built: a fifth of the time that the model takes to start
        arbitrary_types_allowed=True,
    )


def key(description: str, *, example: Any, **options: Any) -> Any:
    """A key of the language: its description and an example of its value go into the JSON Schema."""
    return Field(description=description, examples=[example], **options)
