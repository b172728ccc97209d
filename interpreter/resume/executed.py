"""Which steps have run inside a step that is over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from interpreter.program.model import Node
from interpreter.state.run import Run

CALLS = frozenset({"activity", "http", "child_workflow", "signal"})
"""The kinds of steps that reach out of the run."""


def is_call(node: Node) -> bool:
    """Whether a step reaches out of the run."""
    return node.kind in CALLS


def list_executed(run: Run, node: Node) -> Iterator[Node]:
    """List a step that is over, and what has run inside it. Of ended iterations all may have."""
    if node.is_loop:
        yield from node.walk()
        return
    yield node
    for child in node.inside:
        if child.path in run.progress.steps:
            yield from list_executed(run, child)
    if node.compensation is not None:
        yield from node.compensation.walk()


def has_calls(run: Run, nodes: Iterable[Node]) -> bool:
    """Whether one of these steps, or something inside it, has reached out of the run."""
    executed = (each for node in nodes for each in list_executed(run, node))
    return any(is_call(each) and not each.undoes for each in executed)
