"""Patches: values of the input and of variables that are changed before a run goes on."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass

from dsl.expressions import JsonValue
from dsl.json_schema.inputs import check_input
from dsl.problems.suggest import did_you_mean
from interpreter.state.run import Run


class InvalidPatch(ValueError):
    """A patch does not fit the run. Its message says what would."""


@dataclass(frozen=True, slots=True)
class Patch:
    """One value that is changed."""

    path: tuple[str, ...]
    """`("input", "amount")` or `("vars", "total")`, and further keys inside."""
    value: JsonValue

    @property
    def name(self) -> str:
        """The path as it is written."""
        return ".".join(self.path)


def apply_patches(run: Run, patches: Iterable[Patch]) -> JsonValue:
    """Change the variables of a run.

    Returns:
        The input with what is changed in it.

    Raises:
        InvalidPatch: there is no such value, or the input does not fit its schema any more.
    """
    values: dict[str, JsonValue] = copy.deepcopy({"input": run.data, "vars": dict(run.vars)})
    for patch in patches:
        _check(run, patch)
        _set(values, patch)
    data, problems = check_input(run.program.definition.input, values["input"])
    if problems:
        raise InvalidPatch("; ".join(str(problem) for problem in problems))
    changed = values["vars"]
    assert isinstance(changed, dict)
    run.vars = changed
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


def _set(values: dict[str, JsonValue], patch: Patch) -> None:
    here: JsonValue = values
    for key in patch.path[:-1]:
        here = _enter(here, key, patch)
    last = patch.path[-1]
    if isinstance(here, list) and last.isdigit() and int(last) < len(here):
        here[int(last)] = patch.value
    elif isinstance(here, dict):
        here[last] = patch.value
    else:
        raise _build_misfit(patch, last)


def _enter(here: JsonValue, key: str, patch: Patch) -> JsonValue:
    inner: JsonValue
    if isinstance(here, dict) and key in here:
        inner = here[key]
    elif isinstance(here, list) and key.isdigit() and int(key) < len(here):
        inner = here[int(key)]
    else:
        raise _build_misfit(patch, key)
    return inner


def _build_misfit(patch: Patch, key: str) -> InvalidPatch:
    return InvalidPatch(f'"{patch.name}" can\'t be set: there is nothing at "{key}" that it could be set in')
