"""The expressions of a bundle have an upper bound, so that a worker can compile the largest one within 3 seconds.

A worker has 10 seconds for a workflow task, and compiling is a part of the first one. See the bounds of
`dsl.reading` for the text around the expressions.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsl.definition.bundle import list_definitions
from dsl.definition.sites import find_all_sites
from dsl.model import Definition
from dsl.problems.problem import Problem
from dsl.source.map import Path

MAX_PARTS = 100_000
"""The operators, values, calls and links of all expressions. Two short ones in each of 5,000 steps have half."""


def check_size(root: Definition) -> Iterator[Problem]:
    """Find the place from where on the expressions of a bundle are too many. There is at most one such problem."""
    parts = 0
    for within, definition in _list_all(root):
        for site in find_all_sites(definition):
            parts += site.template.count_parts()
            if parts > MAX_PARTS:
                message = f"the expressions have more than {MAX_PARTS:,} parts up to here"
                hint = "let an activity compute what takes so much, or start a part of the steps as a run of its own"
                yield Problem("too-many-expressions", message, (*within, *site.path), hint=hint)
                return


def _list_all(root: Definition) -> Iterator[tuple[Path, Definition]]:
    yield (), root
    for name, definition in list_definitions(root):
        yield ("definitions", name), definition
