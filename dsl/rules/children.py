"""Child workflows have definitions that exist, inputs that these take, and options that the server can honour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dsl.definition.bundle import find_definition
from dsl.definition.walk import find_child_calls, has_something_to_undo
from dsl.expressions import Template
from dsl.model import (
    BundledDefinition,
    ChildWorkflow,
    ChildWorkflowAction,
    ChildWorkflowStep,
    Definition,
    get_child_workflow,
)
from dsl.problems.names import DEFINITIONS, report_unknown
from dsl.problems.problem import Problem
from dsl.problems.wording import join_listed
from dsl.rules.cancellations import report_undone_while_running
from dsl.rules.schemas import trust_schema
from dsl.scalars.json_value import JsonValue
from dsl.source.map import Path


def check_children(definition: Definition) -> Iterator[Problem]:
    """Check each call of a child workflow."""
    for action, path in find_child_calls(definition):
        child = get_child_workflow(action)
        where = (*path, "child_workflow")
        if (child.definition is None) == (child.type is None):
            yield _report_which(child, where)
        elif child.definition is not None:
            yield from _check_definition(definition, action, child.definition, path)
        elif action.input is not None:
            yield Problem(
                "misplaced-key",
                '"input" is only for children that are definitions',
                (*path, "input"),
                hint='write "args" for a registered type',
                at="key",
            )
        called = find_definition(definition, child.definition)
        if called is None or has_something_to_undo(called):
            yield from _check_timeouts(action, path)
        if isinstance(action, ChildWorkflowStep):
            yield from _check_cancellation(action, child, path)
        if child.wait == "started" and child.parent_close_policy != "abandon":
            yield _report_short_lived(child, where)


def _report_which(child: ChildWorkflow, path: Path) -> Problem:
    both = child.definition is not None
    return Problem(
        "which-workflow",
        f"a child is either a definition or a registered type; found {'both' if both else 'neither'}",
        (*path, "type") if both else path,
        hint="leave one of them out" if both else "write definition: NAME, or type: NAME",
        at="key",
    )


def _check_definition(
    definition: Definition, action: ChildWorkflowAction, name: str, path: Path
) -> Iterator[Problem]:
    where = (*path, "child_workflow")
    if not isinstance(action.child_workflow, str):
        where = (*where, "definition")
    known = definition.definitions
    if name not in known:
        yield DEFINITIONS.report_unknown(name, known, where)
    if action.args is not None:
        yield Problem(
            "misplaced-key",
            '"args" is only for children that are registered types',
            (*path, "args"),
            hint='write "input" for a definition',
            at="key",
        )
    member = known.get(name)
    if isinstance(member, BundledDefinition):
        yield from _check_input(member, name, action.input, path)


def _check_input(
    member: BundledDefinition, name: str, given: Template | None, path: Path
) -> Iterator[Problem]:
    """Compare the keys of an input with those that the definition takes.

    No more can be seen without running anything. The child itself checks the rest.
    """
    schema = trust_schema(member.input)
    data = {} if given is None else given.source
    if isinstance(schema, bool) or schema.get("type") != "object" or not isinstance(data, dict):
        return
    properties = schema.get("properties", {})
    missing = [
        key
        for key in schema.get("required", [])
        if key not in data and "default" not in _ensure_map(properties.get(key))
    ]
    where = (*path, "child_workflow" if given is None else "input")
    if missing:
        yield Problem(
            "wrong-input",
            f'the input of "{name}" needs {join_listed(missing)}',
            where,
            hint=f"it takes {join_listed(properties)}",
            at="key",
        )
    for key in data if schema.get("additionalProperties") is False else ():
        if key not in properties:
            yield report_unknown(
                "wrong-input",
                f'the input of "{name}" has no "{key}"',
                key,
                properties,
                (*path, "input", key),
                hint="it takes {known}",
                nothing="nothing",
                at="key",
            )


def _ensure_map(value: JsonValue) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _check_timeouts(action: ChildWorkflowAction, path: Path) -> Iterator[Problem]:
    for name in ("execution", "run"):
        if action.timeouts is not None and getattr(action.timeouts, name) is not None:
            yield Problem(
                "no-compensation",
                f"when the {name} timeout ends the child, the server compensates nothing",
                (*path, "timeouts", name),
                hint="use timeouts.deadline, which cancels the child and lets it undo what it has done",
                severity="warning",
                at="key",
            )


def _report_short_lived(child: ChildWorkflow, path: Path) -> Problem:
    """Report a child that is only started, but would not outlive this run.

    The server follows the policy whenever a run closes, and it also closes one that continues as new. A run may do
    that at any time.
    """
    said = "parent_close_policy" in child.model_fields_set
    return Problem(
        "misplaced-key" if said else "missing-key",
        "a child that is only started must outlive this run, or the server ends it when the run continues as new",
        (*path, "parent_close_policy") if said else path,
        hint="write parent_close_policy: abandon",
        at="key",
    )


def _check_cancellation(step: ChildWorkflowStep, child: ChildWorkflow, path: Path) -> Iterator[Problem]:
    if child.wait == "started":
        if "cancellation" in step.model_fields_set:
            yield Problem(
                "misplaced-key",
                '"cancellation" has no effect: this step only starts the child, and ends at once',
                (*path, "cancellation"),
                hint="leave it out; the child goes on when this run is cancelled",
                at="key",
            )
        return
    if step.cancellation == "wait":
        return
    if step.compensate is not None:
        yield report_undone_while_running(step.cancellation, path)
    if child.parent_close_policy == "terminate":
        yield Problem(
            "no-compensation",
            "a cancelled run ends before this child, and the child is then terminated without compensation",
            (*path, "cancellation"),
            hint="leave it out, or let the child go on: parent_close_policy: abandon",
            severity="warning",
        )
