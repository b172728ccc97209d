"""Expressions in a run: what they see of it, and what they may spend."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from dsl.expressions import ExprError, JsonValue, Template
from dsl.problems.wording import describe
from dsl.scalars.time import format_time
from interpreter.concurrency.cancel_scope import CancelScope
from interpreter.failure.failure import expression_error
from interpreter.state.report import CompensationReport
from interpreter.state.run import Run
from interpreter.state.scope import Scope

FUEL_BETWEEN_AWAITS = 200_000
"""A run may spend this much before it must let the worker do other things. That is about 0.1 s of a processor.

A worker gives up a workflow task that does not yield within 2 seconds by the clock (TMPRL1101), and then may never
finish the run. So the fuel leaves room for a machine that has twenty times as much to do as it can. It is part of
replay: never change it.
"""
_PRICE_OF_A_STEP = 100
"""What a step costs besides its expressions. It is part of replay, too."""


def evaluate(run: Run, template: Template, scope: Scope, what: str) -> JsonValue:
    """Compute the value of an expression, or of data with expressions inside.

    Args:
        run: The run whose variables and steps the expression sees.
        template: The expression.
        scope: The names that it sees beside them.
        what: Which part of which step this is, for the message.

    Raises:
        StepFailed: `ExpressionError`: the expression has no value.
    """
    context = {root: _root(run, root, scope, template) for root in template.roots if _exists(root, scope)}
    try:
        value, spent = template.evaluate(context, run.limits)
    except ExprError as error:
        raise expression_error(error, what) from None
    run.fuel += spent
    return value


def evaluate_condition(run: Run, template: Template | None, scope: Scope, what: str) -> bool:
    """Compute an expression that must be true or false; it counts as true when there is none.

    Raises:
        StepFailed: `ExpressionError`: the expression has no value, or one that is neither true nor false.
    """
    if template is None:
        return True
    value = evaluate(run, template, scope, what)
    if not isinstance(value, bool):
        error = ExprError("type-mismatch", f"expected true or false, found {describe(value)}")
        raise expression_error(error, what)
    return value


async def give_way(run: Run) -> None:
    """Let the worker do other things after much work, at a durable point that is the same on every replay.

    It is called before each step and each item. A run of nothing but skipped steps works, too.
    """
    run.fuel += _PRICE_OF_A_STEP
    if run.fuel > FUEL_BETWEEN_AWAITS:
        run.fuel = 0
        await run.effects.sleep(timedelta(milliseconds=1), "computing")


def declare_variables(run: Run) -> None:
    """Give the variables their first values, once. A message that comes with the start finds them, too.

    Raises:
        StepFailed: `ExpressionError`: a variable has no first value.
    """
    scope = Scope({"input": run.data}, CancelScope())
    for name, value in run.program.definition.vars.items():
        if name not in run.vars:
            run.vars = {**run.vars, name: evaluate(run, value, scope, f"vars.{name}")}


@contextmanager
def leave_no_trace(run: Run) -> Generator[None]:
    """Evaluate inside what is no part of the history: a query, or whether to accept an update.

    No replay evaluates it again, so nothing of it may stay in the run.
    """
    fuel, values = run.fuel, run.vars
    try:
        declare_variables(run)
        yield
    finally:
        run.fuel, run.vars = fuel, values


def _exists(root: str, scope: Scope) -> bool:
    return root in ("vars", "steps", "run") or root in scope.names


def _root(run: Run, root: str, scope: Scope, template: Template) -> JsonValue:
    match root:
        case "vars":
            return run.vars
        case "steps":
            frame = run.frames[scope.frame]  # it changes with every step that ends, and a value must not
            return dict(frame) if "steps" in template.whole_roots else frame
        case "run":
            return _describe_run(run)
        case _:
            return scope.names[root]


def _describe_run(run: Run) -> dict[str, Any]:
    return {
        "id": run.run_id,
        "workflow_id": run.workflow_id,
        "now": format_time(run.effects.now()),
        "status": run.status,
        "error": run.failure.to_json() if run.failure else None,
        "compensations": [_leave_out_keys(each) for each in run.compensations],
    }


def _leave_out_keys(report: CompensationReport) -> Mapping[str, object]:
    """Show no path with keys: what expressions see is part of replay, and runs of earlier releases do not have it."""
    if "key_path" not in report:
        return report
    return {name: value for name, value in report.items() if name != "key_path"}
