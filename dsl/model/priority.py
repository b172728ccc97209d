"""A priority says which task the server hands out first when a queue holds more than its workers can take."""

from typing import Annotated, Any, LiteralString

from pydantic import GetPydanticSchema, WithJsonSchema
from pydantic_core import PydanticCustomError

from dsl.expressions import Template
from dsl.model.model import Model
from dsl.model.model import key as declare  # a key of this map is called `key`
from dsl.model.values import Maybe, has_expression, read_by
from dsl.scalars.priority import PRIORITY_PARTS


def _read(name: LiteralString) -> tuple[GetPydanticSchema, WithJsonSchema]:
    part = PRIORITY_PARTS[name]

    def read(data: Any) -> Any:
        if has_expression(data):
            return Template.value(data)
        if not part.fits(data):
            raise PydanticCustomError(f"priority.{name}", "")
        return data

    expression = {} if part.schema["type"] == "string" else {"pattern": r"\$\{"}
    message = f"Expected {part.expected}, or an expression in ${{ }}."
    return read_by(read), WithJsonSchema({**part.schema, **expression, "errorMessage": message})


class Priority(Model):
    """Say which task is handed out first, in the words of Temporal's task queue priority and fairness."""

    noun = "a priority"

    key: Maybe[Annotated[int | Template, *_read("key")]] = declare(
        "Tasks with a smaller number are handed out first. A server takes 1 to 5 unless it is configured otherwise, "
        "and 3 stands for a task without a number. An expression may yield null, which says nothing.",
        example=1,
        default=None,
    )
    fairness_key: Maybe[Annotated[str | Template, *_read("fairness_key")]] = declare(
        "Tasks of the same number share the workers by this text, for example the name of a tenant: one that has "
        "many tasks does not keep the others waiting. An expression may yield null, which says nothing.",
        example="${ input.tenant }",
        default=None,
    )
    fairness_weight: Maybe[Annotated[float | Template, *_read("fairness_weight")]] = declare(
        "The share of this fairness key. A key of weight 2.0 gets twice as many tasks as one of weight 1.0, which is "
        "Temporal's default. An expression may yield null, which says nothing.",
        example=2.0,
        default=None,
    )
