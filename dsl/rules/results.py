"""Something is known beforehand of the results of steps. It is expressed as a JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from dsl.definition.walk import walk
from dsl.expressions.scope import Schema, build_object
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
    RaiseStep,
    RepeatStep,
    ReturnStep,
    SetStep,
    SignalStep,
    Step,
    SwitchStep,
    WaitForStep,
    WaitStep,
    WaitUntilStep,
    get_child_workflow,
)
from dsl.rules.schemas import trust_schema

ANYTHING: Schema = True
NOTHING: Schema = {"type": "null"}


def infer_results(definition: Definition) -> Mapping[str, Schema]:
    """Infer the schema of the result of each step that has an id, and of whose result something is known."""
    found: dict[str, Schema] = {}
    for placed in walk(definition):
        step = placed.step
        if isinstance(step, Common) and step.id is not None:
            schema = _infer_step(definition, step)
            if schema is not ANYTHING:
                found[step.id] = schema
    return found


def infer_payload(definition: Definition, awaited: Awaited) -> Schema:
    """Infer the schema of the message that a `wait_for` looks at."""
    names = {name for name in (awaited.signal, *awaited.any, *awaited.all) if name is not None}
    return _find_payload(definition, names.pop()) if len(names) == 1 else ANYTHING


def _infer_step(definition: Definition, step: Step) -> Schema:
    """Infer the result of a step that has completed. A step whose failure may be replaced can have any result."""
    goes_on = isinstance(step.dead_letter, DeadLetter) and step.dead_letter.then == "continue"
    if step.catch or goes_on:
        return ANYTHING
    match step:
        case ActivityStep():
            return trust_schema(step.result_schema)
        case HttpStep():
            return build_object(status={"type": "integer"}, headers={"type": "object"}, body=ANYTHING)
        case ChildWorkflowStep():
            return _infer_child(step)
        case WaitForStep():
            return _infer_message(definition, step.wait_for)
        case WaitStep() | WaitUntilStep() | SignalStep():
            return NOTHING
        case SetStep() | RaiseStep() | ReturnStep():
            return ANYTHING
        case ForEachStep():
            return {"type": "array"} if step.collect == "all" else NOTHING
        case BlockStep() | ParallelStep() | RaceStep() | SwitchStep() | RepeatStep():
            return _infer_block(definition, step) if step.result is None else ANYTHING
        case _:
            assert_never(step)


def _infer_child(step: ChildWorkflowStep) -> Schema:
    if get_child_workflow(step).wait == "started":
        return build_object(workflow_id={"type": "string"}, run_id={"type": "string"})
    return ANYTHING


def _infer_block(
    definition: Definition, step: BlockStep | ParallelStep | RaceStep | SwitchStep | RepeatStep
) -> Schema:
    """Infer the result of a block that does not say its result itself."""
    match step:
        case BlockStep():
            return _infer_last(definition, step.steps)
        case ParallelStep():
            ends = {name: _infer_last(definition, steps) for name, steps in step.parallel.items()}
            return build_object(**ends)
        case RaceStep():
            return build_object(winner={"type": "string"}, result=ANYTHING)
        case SwitchStep() | RepeatStep():
            return ANYTHING
        case _:
            assert_never(step)


def _infer_last(definition: Definition, steps: tuple[Step, ...]) -> Schema:
    """Infer the result of a list of steps. The last of them may have been skipped."""
    return ANYTHING if steps[-1].when is not None else _infer_step(definition, steps[-1])


def _infer_message(definition: Definition, awaited: Awaited) -> Schema:
    if awaited.any:
        return build_object(signal={"type": "string"}, payload=infer_payload(definition, awaited))
    if awaited.all:
        return build_object(**{name: _find_payload(definition, name) for name in awaited.all})
    return infer_payload(definition, awaited)


def _find_payload(definition: Definition, name: str) -> Schema:
    declared = definition.signals.get(name) or definition.updates.get(name)
    return ANYTHING if declared is None else trust_schema(declared.schema_)
