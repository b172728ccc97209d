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
    ChildStep,
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
    child_of,
)
from dsl.rules.schemas import trusted

ANYTHING: Schema = True
NOTHING: Schema = {"type": "null"}


def results_of(definition: Definition) -> Mapping[str, Schema]:
    """The schema of each step that has an id and of whose result something is known."""
    found: dict[str, Schema] = {}
    for placed in walk(definition):
        step = placed.step
        if isinstance(step, Common) and step.id is not None:
            schema = _of(definition, step)
            if schema is not ANYTHING:
                found[step.id] = schema
    return found


def payload_of(definition: Definition, awaited: Awaited) -> Schema:
    """Of a message that a `wait_for` looks at."""
    names = {name for name in (awaited.signal, *awaited.any, *awaited.all) if name is not None}
    return _payload(definition, names.pop()) if len(names) == 1 else ANYTHING


def _of(definition: Definition, step: Step) -> Schema:
    """Of a step that has completed: one whose failure may be replaced can have any result."""
    goes_on = isinstance(step.dead_letter, DeadLetter) and step.dead_letter.then == "continue"
    if step.catch or goes_on:
        return ANYTHING
    match step:
        case ActivityStep(result_schema=schema):
            return trusted(schema)
        case HttpStep():
            return _object(status={"type": "integer"}, headers={"type": "object"}, body=ANYTHING)
        case ChildStep() if child_of(step).wait == "started":
            return _object(workflow_id={"type": "string"}, run_id={"type": "string"})
        case WaitForStep(wait_for=awaited):
            return _message(definition, awaited)
        case WaitStep() | WaitUntilStep() | SignalStep():
            return NOTHING
        case ForEachStep(collect=collect):
            return {"type": "array"} if collect == "all" else NOTHING
        case BlockStep(result=None, steps=steps):
            return _last(definition, steps)
        case RaceStep(result=None):
            return _object(winner={"type": "string"}, result=ANYTHING)
        case ParallelStep(result=None, parallel=branches):
            return _object(**{name: _last(definition, steps) for name, steps in branches.items()})
        case _:
            return ANYTHING


def _last(definition: Definition, steps: tuple[Step, ...]) -> Schema:
    """Of a list of steps: the last one may have been skipped."""
    return ANYTHING if steps[-1].when is not None else _of(definition, steps[-1])


def _message(definition: Definition, awaited: Awaited) -> Schema:
    if awaited.any:
        return _object(signal={"type": "string"}, payload=payload_of(definition, awaited))
    if awaited.all:
        return _object(**{name: _payload(definition, name) for name in awaited.all})
    return payload_of(definition, awaited)


def _payload(definition: Definition, name: str) -> Schema:
    declared = definition.signals.get(name) or definition.updates.get(name)
    return ANYTHING if declared is None else trusted(declared.schema_)


def _object(**properties: Schema) -> dict[str, Any]:
    """An object that has these fields and no others."""
    return {"type": "object", "properties": properties, "additionalProperties": False}
