"""The expressions of a definition and of its bundle have an upper bound."""

from __future__ import annotations

from dsl.check import Checked, check
from dsl.reading.reader import read_text
from dsl.rules.size import MAX_PARTS

HEAD = 'dsl: "1"\nname: size\nvars: {a: 1}\n'
STEP = "  - set: {a: '${ " + "+".join(["1"] * 50) + " }'}\n"
PARTS = 99
"""Fifty numbers, and the operators between them."""


def _check(text: str) -> Checked:
    return check(read_text(text))


def test_the_bound_itself_is_allowed() -> None:
    steps = MAX_PARTS // PARTS
    allowed = HEAD + "steps:\n" + STEP * steps
    assert _check(allowed).errors == ()
    (problem,) = _check(allowed + STEP).errors
    assert problem.code == "too-many-expressions"
    assert problem.path == ("steps", steps, "set", "a")


def test_the_definitions_of_a_bundle_count_together() -> None:
    inner = "definitions:\n  other:\n    dsl: '1'\n    name: other\n    vars: {a: 1}\n    steps:\n"
    half = MAX_PARTS // PARTS // 2 + 2
    text = HEAD + inner + ("    " + STEP) * half + "steps:\n  - {child_workflow: other}\n" + STEP * half
    (problem,) = _check(text).errors
    assert problem.code == "too-many-expressions"
    assert problem.path[:3] == ("definitions", "other", "steps")
