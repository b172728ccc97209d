"""`Step` stands here for those kinds of step that hold steps themselves.

A step holds steps, so the types of the model are recursive. They stand in several files, and `dsl.model.steps`
imports all of these to build the union of all kinds. So no file imports the union from there: `dsl.model.steps` hands
it to the placeholder below.
"""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema
from typing_extensions import TypeAliasType


class Placeholder:
    """A placeholder stands in annotations for a type that is known later.

    A forward reference would do, but pydantic looks for its name where a subclass was defined, not where the
    annotation stands.
    """

    def __init__(self) -> None:
        self._annotation: Any = None
        self._named: TypeAliasType | None = None

    def stand_for(self, name: str, annotation: Any) -> None:
        """Set the type. Nobody asks for it before `Definition` is built, or before its keys are looked up.

        pydantic gets a named type, to which it refers when it meets it again. Without a name it would build all kinds
        inside each kind: some 950 nested calls, where Python allows 1,000, so that a caller that is itself 50 calls
        deep got a `RecursionError`.
        """
        self._annotation = annotation
        self._named = TypeAliasType(name, annotation)  # pyright: ignore[reportGeneralTypeIssues]  # known at run time only

    @property
    def annotation(self) -> Any:
        """Get the type that the placeholder stands for."""
        assert self._annotation is not None, "dsl.model.steps has not been imported"
        return self._annotation

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        assert self._named is not None, "dsl.model.steps has not been imported"
        return handler.generate_schema(self._named)


ANY_STEP = Placeholder()

if TYPE_CHECKING:
    # For type checkers only, which need the union itself to prove that a `match` handles every kind. They have no
    # other way to write a recursive type that stands in more than one file.
    from dsl.model.steps import Step as Step
else:
    Step = Annotated[Any, ANY_STEP]
