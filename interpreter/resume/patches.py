"""The input and the variables of a run are changed before it goes on."""

from __future__ import annotations

from collections.abc import Sequence

from dsl.expressions import JsonValue
from dsl.json_schema.inputs import check_input
from dsl.problems.suggest import did_you_mean
from interpreter.state.patches import InvalidPatch, Patch, patch_values
from interpreter.state.run import Run


def apply_patches(run: Run, patches: Sequence[Patch]) -> JsonValue:
    """Change the variables of a run.

    Returns:
        The input with what is changed in it.

    Raises:
        InvalidPatch: there is no such value, or the input does not fit its schema any more.
    """
    for patch in patches:
        _check(run, patch)
    values, _ = patch_values({"input": run.data, "vars": run.vars}, patches)
    data, problems = check_input(run.program.definition.input, values["input"])
    if problems:
        raise InvalidPatch("; ".join(str(problem) for problem in problems))
    run.vars = values["vars"]
    checked: JsonValue = data
    return checked


def _check(run: Run, patch: Patch) -> None:
    root, *inside = patch.path
    if root not in ("input", "vars") or not inside:
        raise InvalidPatch(
            f'"{patch.name}" is neither a value of the input (input.NAME) nor a variable (vars.NAME)'
        )
    if root == "vars" and inside[0] not in run.program.definition.vars:
        known = run.program.definition.vars
        hint = did_you_mean(inside[0], known) or f"the variables are {', '.join(known) or 'none'}"
        raise InvalidPatch(f'there is no variable "{inside[0]}"; {hint}')
