"""An expression is parsed and compiled once for all the places where its text stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from dsl.expressions import syntax
from dsl.expressions.compile import compile_tree
from dsl.expressions.errors import ExprError
from dsl.expressions.frame import Code
from dsl.expressions.parse import parse
from dsl.expressions.references import Reference, find_references
from dsl.expressions.secret_text import find_secret_name
from dsl.expressions.syntax import Node


@dataclass(frozen=True, eq=False)
class Program:
    """A program is one expression. `tree` is None after a syntax error. Spans count from 0."""

    text: str
    tree: Node | None
    slots: int
    problems: tuple[ExprError, ...]
    is_path: bool
    """Whether it only hands on what is already there. Such a result is not counted."""
    parts: int
    """Its size: its nodes, and the links of chains."""

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """Find what it reads."""
        return () if self.tree is None else tuple(find_references(self.tree))

    @cached_property
    def secret(self) -> str | None:
        """Find the name of the secret that it reads, and does nothing with. None if it is anything else."""
        return find_secret_name(self.references)

    @cached_property
    def code(self) -> Code:
        """Compile what runs, when it first does: a check of a file never runs it."""
        assert self.tree is not None, "a template with problems is not evaluated"
        assert not self.problems
        return compile_tree(self.tree, self.text)

    def prepare(self) -> None:
        """Compile what runs before it is needed."""
        _ = self.code


@lru_cache(maxsize=1024)
def get_program(text: str) -> Program:
    """Get the program of an expression's text, without `${ }`. This never raises."""
    tree, slots, problems, parts = parse(text)
    return Program(text, tree, slots, problems, tree is not None and _is_path(tree), parts)


def _is_path(tree: Node) -> bool:
    if isinstance(tree, syntax.Chain):
        plain = all(isinstance(link, syntax.Field | syntax.Index) for link in tree.links)
        return plain and isinstance(tree.head, syntax.Name)
    return isinstance(tree, syntax.Name)
