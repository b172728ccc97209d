"""All maps of the model are frozen and closed, and each of their keys is explained.

The files of this folder have no `from __future__ import annotations`. It would make texts of the annotations, which
pydantic would have to compile whenever a command starts: 290 of them.
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from dsl.expressions import Template


class Model(BaseModel):
    """A model describes one map of a definition.

    It refuses unknown keys, and converts nothing behind the writer's back.
    """

    noun: ClassVar[str]
    """What messages call this map."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        defer_build=True,  # only `Definition` is built: that saves a fifth of the time to start the model
        arbitrary_types_allowed=True,
    )


ModelValue: TypeAlias = (
    Model | Template | datetime | timedelta | dict[str, Any] | tuple[Any, ...] | str | int | float | None
)
"""What stands at a key of a model, whichever model and key that is."""


def key(description: str, *, example: Any, **options: Any) -> Any:
    """Declare a key of the language. Its description, and an example of its value, go into the JSON Schema."""
    return Field(description=description, examples=[example], **options)
