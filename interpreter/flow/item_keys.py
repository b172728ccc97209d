"""What the items of a `for_each` are called in idempotency keys, in dead letters and in `.failed`."""

from __future__ import annotations

from collections.abc import Sequence

from dsl.expressions import ExprError, JsonValue
from dsl.model import ForEachStep
from dsl.problems.wording import describe
from interpreter.failure.failure import StepFailed, expression_error
from interpreter.state.context import StepContext
from interpreter.state.evaluator import give_way
from interpreter.state.scope import Scope


def add_item(step: ForEachStep, scope: Scope, number: int, item: JsonValue) -> Scope:
    """What the steps of an iteration see."""
    return scope.with_names(**{step.as_: item, step.index_as: number})


def evaluate_item_key(context: StepContext, step: ForEachStep, inside: Scope) -> str | None:
    """Compute the key of an item; without `key` there is none, and the item goes by its number.

    Raises:
        StepFailed: `ExpressionError`: the expression yields neither text nor a whole number.
    """
    if step.key_ is None:
        return None
    key = context.evaluate(step.key_, "key", inside)
    if isinstance(key, str) or (isinstance(key, int) and not isinstance(key, bool)):
        return str(key)
    error = ExprError("type-mismatch", f"expected text or a whole number, found {describe(key)}")
    raise expression_error(error, context.name_part("key"))


async def check_item_keys(
    context: StepContext, step: ForEachStep, items: Sequence[JsonValue], first: int = 0
) -> None:
    """Look at the keys of all items, or of those of one page, before anything is done for one of them.

    An item whose key can't be computed fails when it is its turn.

    Args:
        context: The loop.
        step: Its definition.
        items: The items.
        first: The number of the first one.

    Raises:
        StepFailed: `ExpressionError`: two items have the same key. A service would take the second one for a
            repetition of the first, and leave it undone.
    """
    if step.key_ is None:
        return
    known: dict[str, int] = {}
    for number, item in enumerate(items, first):
        await give_way(context.run)
        try:
            key = evaluate_item_key(context, step, add_item(step, context.scope, number, item))
        except StepFailed:
            continue
        if key is not None and known.setdefault(key, number) != number:
            error = ExprError(
                "unusable-value", f"items {known[key]} and {number} have the same key: {describe(key)}"
            )
            raise expression_error(error, context.name_part("key"))
