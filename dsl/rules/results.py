"""What is known beforehand of the result of a step, as a JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dsl.definition.walk import walk
from dsl.expressions.scope import Schema
from dsl.model import (
    ActivityStep,
    Awaited,
    BlockStep,
    ChildWorkflowStep,
    Common,
    DeadLetter,
    Definition,
    ForEachStep,
    HttpStep,
    ParallelStep,
    RaceStep,
    SignalStep,
    Step,
    WaitForStep,
    WaitStep,
    WaitUntilStep,
    get_child_workflow,
)
from dsl.rules.schemas import trust_schema

ANYTHING: Schema = True
NOTHING: Schema = {"type": "null"}


def infer_results(definition: Definition) -> Mapping[str, Schema]:
    """The schema of each step that has an id and of whose result something is known."""
    found: dict[str, Schema] = {}
    for placed in walk(definition):
        step = placed.step
        if isinstance(step, Common) and step.id is not None:
            schema = _infer_step(definition, step)
            if schema is not ANYTHING:
                found[step.id] = schema
    return found


def infer_payload(definition: Definition, awaited: Awaited) -> Schema:
    """Of a message that a `wait_for` looks at."""
    names = {name for name in (awaited.signal, *awaited.any, *awaited.all) if name is not None}
    return _find_payload(definition, names.pop()) if len(names) == 1 else ANYTHING


def _infer_step(definition: Definition, step: Step) -> Schema:
    """Of a step that has completed: one whose failure may be replaced can have any result."""
    goes_on = isinstance(step.dead_letter, DeadLetter) and step.dead_letter.then == "continue"
    if step.catch or goes_on:
        return ANYTHING
    match step:
        case ActivityStep(result_schema=schema):
            return trust_schema(schema)
        case HttpStep():
            return _build_object(status={"type": "integer"}, headers={"type": "object"}, body=ANYTHING)
        case ChildWorkflowStep() if get_child_workflow(step).wait == "started":
            return _build_object(workflow_id={"type": "string"}, run_id={"type": "string"})
        case WaitForStep(wait_for=awaited):
            return _infer_message(definition, awaited)
        case WaitStep() | WaitUntilStep() | SignalStep():
            return NOTHING
        case ForEachStep(collect=collect):
            return {"type": "array"} if collect == "all" else NOTHING
        case BlockStep(result=None, steps=steps):
            return _infer_last(definition, steps)
        case RaceStep(result=None):
            return _build_object(winner={"type": "string"}, result=ANYTHING)
        case ParallelStep(result=None, parallel=branches):
            return _build_object(**{name: _infer_last(definition, steps) for name, steps in branches.items()})
        case _:
            return ANYTHING


def _infer_last(definition: Definition, steps: tuple[Step, ...]) -> Schema:
    """Of a list of steps: the last one may have been skipped."""
    return ANYTHING if steps[-1].when is not None else _infer_step(definition, steps[-1])


def _infer_message(definition: Definition, awaited: Awaited) -> Schema:
    if awaited.any:
        return _build_object(signal={"type": "string"}, payload=infer_payload(definition, awaited))
    if awaited.all:
        return _build_object(**{name: _find_payload(definition, name) for name in awaited.all})
    return infer_payload(definition, awaited)


def _find_payload(definition: Definition, name: str) -> Schema:
    declared = definition.signals.get(name) or definition.updates.get(name)
    return ANYTHING if declared is None else trust_schema(declared.schema_)


def _build_object(**properties: Schema) -> dict[str, Any]:
    """An object that has these fields and no others."""
    return {"type": "object", "properties": properties, "additionalProperties": False}
