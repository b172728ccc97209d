"""A kind of step has one name everywhere: its key, its class, its file, and a case that uses it.

The key `child_workflow` is the class `ChildWorkflowStep`, the file `interpreter/steps/child_workflow.py`, and a step
in a definition of `tests/cases/run`. A file whose key is a word of Python gets an underscore: `set_.py`. So nobody
can forget a part of a new kind.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterator
from typing import Any

import pytest

from dsl.model.steps import STEP_KINDS
from tests.structure.modules import ROOT
from tests.support.cases import CASES, load_yaml, run_cases

CLASSES = {"steps": "BlockStep"}
"""Where a class is not called after its key: a list of steps is a block."""

STEPS = ROOT / "interpreter" / "steps"


def name_class(key: str) -> str:
    """The name that the class of a kind must have."""
    return CLASSES.get(key, "".join(part.capitalize() for part in key.split("_")) + "Step")


def name_file(key: str) -> str:
    """The name that the file of a kind must have."""
    is_taken = keyword.iskeyword(key) or hasattr(builtins, key)
    return f"{key}_.py" if is_taken else f"{key}.py"


@pytest.mark.parametrize("key", STEP_KINDS)
def test_the_class_is_called_after_the_key(key: str) -> None:
    assert STEP_KINDS[key].__name__ == name_class(key)


def test_each_kind_has_a_file_and_each_file_is_that_of_a_kind() -> None:
    files = {path.name for path in STEPS.glob("*.py")} - {"__init__.py"}
    assert files == {name_file(key) for key in STEP_KINDS}


def test_each_kind_is_used_in_a_run_case() -> None:
    files = {case.file for case in run_cases() if case.file.is_relative_to(CASES)}
    used = {key for file in files for key in _find_keys(load_yaml(file))}
    assert not STEP_KINDS.keys() - used


def _find_keys(data: Any) -> Iterator[str]:
    """The keys of every map of a definition that is a step, wherever it stands."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key in _LISTS_OF_STEPS and isinstance(value, list):
                yield from (str(action) for step in value if isinstance(step, dict) for action in step)
            if key in _MAPS_OF_STEPS and isinstance(value, dict):
                steps = (step for branch in value.values() if isinstance(branch, list) for step in branch)
                yield from (str(action) for step in steps if isinstance(step, dict) for action in step)
            yield from _find_keys(value)
    elif isinstance(data, list):
        for item in data:
            yield from _find_keys(item)


_LISTS_OF_STEPS = ("steps", "finally", "on_failure")
_MAPS_OF_STEPS = ("parallel", "race")
