"""The kinds of steps: told in several places, which agree, and forgotten in none."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from dsl import model
from dsl.definition.walk import list_bodies
from dsl.model import BLOCKS, COMPENSATION_KINDS, LEAVES, STEP_KINDS, Block, Compensation, Step

DSL = Path(model.__file__).parents[1]
FILES = sorted(DSL.rglob("*.py"))
KINDS = {kind.__name__ for kind in (*STEP_KINDS.values(), *COMPENSATION_KINDS.values())}


def classes(union: Any) -> list[Any]:
    """The classes of a union that chooses by the action key."""
    return [get_args(each)[0] for each in get_args(get_args(union)[0])]


@pytest.mark.parametrize(("union", "table"), [(Step, STEP_KINDS), (Compensation, COMPENSATION_KINDS)])
def test_the_union_of_kinds_and_the_table_of_kinds_agree(union: Any, table: dict[str, Any]) -> None:
    assert {kind.kind: kind for kind in classes(union)} == table


def test_every_kind_is_a_block_or_a_leaf() -> None:
    assert sorted((*BLOCKS, *LEAVES), key=str) == sorted(STEP_KINDS.values(), key=str)
    assert get_args(Block) == BLOCKS


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.kind)
def test_a_leaf_has_no_bodies(kind: Any) -> None:
    assert list(list_bodies(kind.model_construct())) == []
    assert "steps" not in kind.model_fields


def names_kinds(match: ast.Match) -> bool:
    patterns = [each for case in match.cases for each in ast.walk(case.pattern)]
    return any(isinstance(each, ast.MatchClass) and ast.unparse(each.cls) in KINDS for each in patterns)


def matches_over_kinds(file: Path) -> Iterator[ast.Match]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Match) and names_kinds(node):
            yield node


def closes(match: ast.Match) -> bool:
    return ast.unparse(match.cases[-1].body[0]).startswith("assert_never(")


def test_every_match_over_kinds_of_steps_is_closed() -> None:
    found = [
        (file.relative_to(DSL).as_posix(), match) for file in FILES for match in matches_over_kinds(file)
    ]
    assert len(found) > 5
    assert [f"{file}:{match.lineno}" for file, match in found if not closes(match)] == []
