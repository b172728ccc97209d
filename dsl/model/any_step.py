"""`Step` for the classes of steps that hold steps: all kinds are known only when these classes are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema


class Later:
    """Stands for `dsl.model.steps.Step`. A forward reference would do, but pydantic looks for the name where a
    subclass was defined, not where the annotation stands."""

    @property
    def annotation(self) -> Any:
        from dsl.model import steps

        return steps.Step

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(self.annotation)


if TYPE_CHECKING:
    from dsl.model.steps import Step as Step
else:
    Step = Annotated[Any, Later()]
