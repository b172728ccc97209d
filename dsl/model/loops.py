"""Loops run their steps for each item of a list, or again and again."""

from __future__ import annotations

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
        "The activity that is asked for each page: it gets the cursor as its last argument (null at first) and "
        "returns `{items, next}`; `next: null` ends.",
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
        "Expression that yields a list, a list, or `{pages: ...}` for more than fits in one payload. The result is "
        "the list of the items' results, in order.",
        example="input.orders",
    )
    as_: Identifier = key("Name of the item inside.", example="order", default="item", alias="as")
    index_as: Identifier = key(
        "Name of the item's number inside; the first is 0.", example="number", default="index"
    )
    key_: Maybe[NameOfItem] = key(
        "Expression that names the item: text or a whole number. It stands in idempotency keys, dead letters and "
        "`.failed` instead of the number. No two items of a list, or of a page, may have the same.",
        example="item.id",
        default=None,
        alias="key",
    )
    concurrency: Concurrency = key("How many items at the same time.", example=10, default=1)
    tolerate_failures: Maybe[Tolerance] = key(
        "How many items may fail, as a number or in percent of all; one more, and the step fails.",
        example="5%",
        default=None,
    )
    collect: Collect = key(
        "Which results are kept: `all`, or nothing but the `failed` items, or `none`, not even these.",
        example="failed",
        default="all",
    )
    steps: Many[Step] = key("What is done for each item.", example=[{"activity": "charge"}], min_length=1)
    result: Maybe[Result] = key(
        "What an item yields instead of its last step's result.",
        example="steps.charge.result.id",
        default=None,
    )


class Repetition(Model):
    """Say when a `repeat` ends."""

    noun = '"repeat"'

    while_: Maybe[Condition] = key(
        "Expression that is tested before each iteration; false ends.",
        example="vars.left > 0",
        default=None,
        alias="while",
    )
    until: Maybe[Condition] = key(
        "Expression that is tested after each iteration, and sees its steps; true ends.",
        example="steps.poll.result.done",
        default=None,
    )
    every: Maybe[PositiveDurationOrExpression] = key(
        "Pause between two iterations, or an expression that yields a duration.", example="10s", default=None
    )
    maximum_iterations: Maybe[Iterations] = key(
        "One more iteration fails with IterationLimitExceeded.", example=100, default=None
    )


class RepeatStep(Undoable, DeadlineStep):
    """Run steps again and again."""

    noun = "a repeat"
    kind = "repeat"

    repeat: Repetition = key(
        "When to stop. `index` is the number of the iteration; the first is 0. The result is that of the last "
        "iteration, null if there was none.",
        example={"until": "steps.poll.result.done", "every": "10s", "maximum_iterations": 100},
    )
    steps: Many[Step] = key("What is repeated.", example=[{"activity": "poll"}], min_length=1)
    result: Maybe[Result] = key(
        "What an iteration yields instead of its last step's result.",
        example="steps.poll.result.value",
        default=None,
    )
