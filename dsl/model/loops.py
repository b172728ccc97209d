"""Loops run their steps for each item of a list, or again and again."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from dsl.model.any_step import Step
from dsl.model.calls import ActivityAction
from dsl.model.common import DeadlineStep
from dsl.model.compensations import Undoable
from dsl.model.model import Model, key
from dsl.model.values import (
    Condition,
    Identifier,
    Items,
    Many,
    Maybe,
    NameOfItem,
    PositiveDurationOrExpression,
    Result,
    Tolerance,
)

Concurrency = Annotated[int, Field(ge=1, le=1000)]
Iterations = Annotated[int, Field(ge=1, le=2**31 - 1)]
Collect = Literal["all", "failed", "none"]


class PagingCall(ActivityAction):
    """Call the activity that hands out the items."""

    noun = '"pages"'


class Pages(Model):
    """Take the items page by page."""

    noun = "the pages of a for_each"

    pages: PagingCall = key(
        "The activity that returns the pages, one with each call. Its last argument is the cursor, which is null "
        "for the first page. It returns `{items, next}`: `next` is the cursor of the next page, or null after the "
        "last page.",
        example={"activity": "list_orders", "args": ["${ input.day }"]},
    )


def _form_of_items(data: Any) -> str:
    return "kind:pages" if isinstance(data, dict) and "pages" in data else "kind:items"


ItemsOrPages = Annotated[
    Annotated[Items, Tag("kind:items")] | Annotated[Pages, Tag("kind:pages")],
    Discriminator(_form_of_items),
]


class ForEachStep(Undoable, DeadlineStep):
    """Run steps for each item."""

    noun = "a for_each"
    kind = "for_each"

    for_each: ItemsOrPages = key(
        "A list, an expression that yields a list, or `{pages: ...}` for more items than fit in one payload. The "
        "result of the step is the list of the items' results, in order.",
        example="input.orders",
    )
    as_: Identifier = key(
        "Name by which the steps inside read the item.", example="order", default="item", alias="as"
    )
    index_as: Identifier = key(
        "Name by which the steps inside read the number of the item. The first item has the number 0.",
        example="number",
        default="index",
    )
    key_: Maybe[NameOfItem] = key(
        "Expression that yields the key of the item: text or a whole number. The key replaces the number of the "
        "item in idempotency keys and dead letters, and is shown in `.failed`. No two items of a list, or of a "
        "page, may have the same key.",
        example="item.id",
        default=None,
        alias="key",
    )
    concurrency: Concurrency = key("How many items are worked on at the same time.", example=10, default=1)
    tolerate_failures: Maybe[Tolerance] = key(
        "How many items may fail: a number, or a percentage of all items. If more items fail, the step fails.",
        example="5%",
        default=None,
    )
    collect: Collect = key(
        "What is kept of the items: `all` keeps their results and the list of failed items, `failed` only that "
        "list, and `none` neither.",
        example="failed",
        default="all",
    )
    steps: Many[Step] = key(
        "The steps that run for each item.", example=[{"activity": "charge"}], min_length=1
    )
    result: Maybe[Result] = key(
        "What an item yields instead of its last step's result.",
        example="steps.charge.result.id",
        default=None,
    )


class Repetition(Model):
    """Say when a `repeat` ends."""

    noun = '"repeat"'

    while_: Maybe[Condition] = key(
        "Expression that is evaluated before each iteration. The loop ends when it is false.",
        example="vars.left > 0",
        default=None,
        alias="while",
    )
    until: Maybe[Condition] = key(
        "Expression that is evaluated after each iteration, and can read its steps. The loop ends when it is true.",
        example="steps.poll.result.done",
        default=None,
    )
    every: Maybe[PositiveDurationOrExpression] = key(
        "Pause between two iterations: a duration, or an expression that yields one.",
        example="10s",
        default=None,
    )
    maximum_iterations: Maybe[Iterations] = key(
        "How many iterations there may be at most. If the loop has not ended by then, the step fails with "
        "`IterationLimitExceeded`. Without `while` and `until`, this is how often the steps run.",
        example=100,
        default=None,
    )


class RepeatStep(Undoable, DeadlineStep):
    """Run steps again and again."""

    noun = "a repeat"
    kind = "repeat"

    repeat: Repetition = key(
        "When the loop ends. `index` is the number of the iteration; the first one has the number 0. The result of "
        "the step is the result of the last iteration, or null if there was none.",
        example={"until": "steps.poll.result.done", "every": "10s", "maximum_iterations": 100},
    )
    steps: Many[Step] = key("The steps that are repeated.", example=[{"activity": "poll"}], min_length=1)
    result: Maybe[Result] = key(
        "What an iteration yields instead of its last step's result.",
        example="steps.poll.result.value",
        default=None,
    )
