"""What the items of a `for_each` are called in idempotency keys, in dead letters and in `.failed`."""

from __future__ import annotations

from collections.abc import Sequence

from dsl.expressions import ExprError, JsonValue
from dsl.model import ForEachStep
from dsl.problems.wording import found
from interpreter.failure.failure import StepFailed, expression_failed
from interpreter.program.model import Node
from interpreter.state.run import Run
from interpreter.state.scope import Scope


def with_item(step: ForEachStep, scope: Scope, number: int, item: JsonValue) -> Scope:
    """What is seen of an item inside."""
    return scope.with_names(**{step.as_: item, step.index_as: number})


def name_of(run: Run, node: Node, step: ForEachStep, inside: Scope) -> str | None:
    """The name of an item; None: it goes by its number.

    Raises:
        StepFailed: the expression yields neither text nor a whole number.
    """
    if step.key_ is None:
        return None
    name = run.evaluate(step.key_, inside, f"{node.path}: key")
    if isinstance(name, str) or (isinstance(name, int) and not isinstance(name, bool)):
        return str(name)
    error = ExprError("E_TYPE", f"expected text or a whole number, found {found(name)}")
    raise expression_failed(error, f"{node.path}: key")


async def check_names(
    run: Run, node: Node, step: ForEachStep, scope: Scope, items: Sequence[JsonValue], first: int = 0
) -> None:
    """Look at the names of all items, or of those of one page, before anything is done for one of them. One without
    a name fails when it is its turn.

    Raises:
        StepFailed: two have the same: a service would take the second for the first once more, and leave it undone.
    """
    if step.key_ is None:
        return
    known: dict[str, int] = {}
    for number, item in enumerate(items, first):
        await run.breathe()
        try:
            name = name_of(run, node, step, with_item(step, scope, number, item))
        except StepFailed:
            continue
        if name is not None and known.setdefault(name, number) != number:
            error = ExprError("E_VALUE", f"items {known[name]} and {number} are both named {found(name)}")
            raise expression_failed(error, f"{node.path}: key")
