"""The children of steps that are to run again: some can't, because of what has become of the child meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from interpreter.program.model import Node, Program
from interpreter.program.paths import find_defined, find_node
from interpreter.resume.remains import Remains
from interpreter.state.keys import get_generation, idempotency_key
from interpreter.state.progress import StepProgress
from interpreter.state.run import Run


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why a child can't be started: it was repaired by itself, is running, or has such a child in turn."""

    again: str | None
    """Why its step can't start it with the keys that it had; None if it can."""
    anew: str | None
    """Why its step can't start it with the next keys, after it was undone; None if it can."""
    started_with: int = 1
    """With which generation its last run was started."""

    def explain(self, *, has_next_key: bool, generation: int | None = None) -> str | None:
        """Say why its step can't start it; None if it can.

        Args:
            has_next_key: Whether the step has another key than the one that has started it.
            generation: What the step tells a child that keeps its id; None: such a key is another id.
        """
        begins_anew = has_next_key if generation is None else generation > self.started_with
        return self.anew if begins_anew else self.again

    def join(self, other: Hindrance) -> Hindrance:
        """Put together what is known of the same child."""
        return Hindrance(
            self.again or other.again, self.anew or other.anew, max(self.started_with, other.started_with)
        )


Hindrances = Mapping[str, Hindrance]
"""Workflow id → why a child can't be started, of those that can't."""

NO_HINDRANCES: Hindrances = MappingProxyType({})


def list_open_children(remains: Remains) -> list[str]:
    """List the workflow ids of the children whose steps have begun, and are not over."""
    steps = remains.build_run().progress.steps.values()
    return [step.child for step in steps if step.child is not None and not step.is_over]


def refuse_children(run: Run, hindrances: Hindrances, newer: Program | None) -> Iterator[tuple[str, str]]:
    """Find the steps that can't run again because of their children.

    Args:
        run: The run, before anything of it is taken back.
        hindrances: Why some of its children can't be started.
        newer: Another definition to go on with. Nothing speaks against a step that calls no child in it.

    Yields:
        The path of a step, and why.
    """
    for path, step in run.progress.steps.items():
        if step.child is None or step.is_over or not (newer is None or _calls_child(newer, path)):
            continue
        hindrance = hindrances.get(step.child)
        why = _explain(run, path, step, hindrance) if hindrance is not None else None
        if why is not None:
            yield path, why


def _explain(run: Run, path: str, step: StepProgress, hindrance: Hindrance) -> str | None:
    node = find_node_of(run, path)
    number = get_generation(run, node) if node is not None and has_own_id(node) else None
    return hindrance.explain(has_next_key=_has_next_key(run, path, step), generation=number)


def _has_next_key(run: Run, path: str, step: StepProgress) -> bool:
    """Whether the child has undone all, or its step was undone, so that it would begin with other keys."""
    node = find_node_of(run, path)
    if node is None or node.child is None or node.undoes or has_own_id(node):
        return False
    return idempotency_key(run, node) != step.child  # that is the id


def _calls_child(program: Program, path: str) -> bool:
    node = find_defined(program, path)
    return node is not None and node.child is not None


def has_own_id(node: Node) -> bool:
    """Whether a step gives its child a workflow id of its own, which is not the key of the step."""
    return node.child is not None and node.child.workflow.workflow_id is not None


def find_node_of(run: Run, path: str) -> Node | None:
    """Find the step of a run at a path; None if its definition has none."""
    frame, slash, name = path.rpartition("/")
    if name not in run.program.nodes:
        return None
    loop = frame.rpartition("[")[0]
    return find_node(run.program, path, run.progress.of(loop).frames[f"{frame}/"] if slash else "")
