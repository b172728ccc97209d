"""One expression, parsed and compiled once for all the places where its text stands."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from dsl.expressions import syntax
from dsl.expressions.compile import compile_tree
from dsl.expressions.errors import ExprError
from dsl.expressions.frame import Code
from dsl.expressions.parse import parse
from dsl.expressions.syntax import Node


class Program(NamedTuple):
    """`code` is None when there are `problems`, `tree` after a syntax error. Spans count from 0."""

    text: str
    tree: Node | None
    slots: int
    problems: tuple[ExprError, ...]
    code: Code | None
    is_path: bool
    """Whether it only hands on what is already there: such a result is not counted."""


@lru_cache(maxsize=1024)
def program(text: str) -> Program:
    """The program of an expression's text, without `${ }`. Never raises."""
    tree, slots, problems = parse(text)
    code = compile_tree(tree, text) if tree is not None and not problems else None
    return Program(text, tree, slots, problems, code, tree is not None and _is_path(tree))


def _is_path(tree: Node) -> bool:
    if isinstance(tree, syntax.Chain):
        plain = all(isinstance(link, syntax.Field | syntax.Index) for link in tree.links)
        return plain and isinstance(tree.head, syntax.Name)
    return isinstance(tree, syntax.Name)
