"""Priorities that a definition computes: of the tasks of one call, or of a run that is about to start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from dsl.expressions import ExprError, JsonValue, Template
from dsl.json_schema.inputs import check_input
from dsl.model import Definition
from dsl.model.priority import Priority
from dsl.problems.wording import describe
from dsl.scalars.priority import PRIORITY_PARTS
from interpreter.effects import TaskPriority
from interpreter.failure.failure import expression_error
from interpreter.state.context import StepContext

_PART = "priority.{}"


def evaluate_priority(context: StepContext, said: Priority | None) -> TaskPriority | None:
    """Compute the priority of the tasks of a call; None stands for that of the run.

    Raises:
        StepFailed: `ExpressionError`: an expression has no value, or one that no priority can have.
    """
    if said is None:
        return None

    def evaluate(template: Template, name: str) -> JsonValue:
        return context.evaluate(template, _PART.format(name))

    priority = TaskPriority()
    for name in PRIORITY_PARTS:
        try:
            priority = replace(priority, **{name: _compute(said, name, evaluate)})
        except ExprError as error:
            raise expression_error(error, context.name_part(_PART.format(name))) from None
    return priority


def evaluate_start_priority(definition: Definition, data: JsonValue) -> TaskPriority | None:
    """Compute with which priority a run starts, from its input alone; None if its definition does not say.

    Args:
        definition: What the run is a run of.
        data: Its input. If it does not fit the schema, the run fails at its start, and has no priority.

    Raises:
        dsl.expressions.ExprError: an expression has no value, or one that no priority can have.
    """
    said = definition.priority
    if said is None:
        return None
    filled, problems = check_input(definition.input, data)
    if problems:
        return None

    def evaluate(template: Template, name: str) -> JsonValue:
        return template.evaluate({"input": filled})[0]

    return TaskPriority(**{name: _compute(said, name, evaluate) for name in PRIORITY_PARTS})


def overlay_priority(below: TaskPriority | None, above: TaskPriority | None) -> TaskPriority | None:
    """Lay one priority over another: what is said above counts, and for the rest what is said below."""
    if below is None or above is None:
        return above or below
    return replace(below, **{name: value for name, value in asdict(above).items() if value is not None})


def export_priority(priority: TaskPriority | None) -> dict[str, Any]:
    """Write a priority down as an entry of a prepared call."""
    return {} if priority is None else {"priority": asdict(priority)}


def restore_priority(data: Mapping[str, Any]) -> TaskPriority | None:
    """Read what `export_priority` has written."""
    return TaskPriority(**data["priority"]) if "priority" in data else None


def _compute(said: Priority, name: str, evaluate: Callable[[Template, str], JsonValue]) -> Any:
    """Compute one key of a priority.

    Raises:
        ExprError: its value is none that the server takes.
    """
    value = getattr(said, name)
    if not isinstance(value, Template):
        return value
    value = evaluate(value, name)
    if value is None or PRIORITY_PARTS[name].fits(value):
        return value
    raise ExprError("unusable-value", f"expected {PRIORITY_PARTS[name].expected}, found {describe(value)}")
