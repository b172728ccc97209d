"""Children that were repaired by themselves, and that no step shows any more: a run must not do their work again."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from interpreter.predecessor import Predecessor
from interpreter.program.model import Node, Program
from interpreter.program.paths import enclosing_loops, find_defined, join_key, split_key
from interpreter.resume.children import Hindrance, Hindrances, find_node_of, has_own_id, list_open_children
from interpreter.resume.remains import Remains
from interpreter.resume.rewind import Rewinding
from interpreter.state.keys import sum_up_undone
from interpreter.state.run import Run
from interpreter.state.step_state import ForEachState


def explain_start(
    program: Program, identity: str, before: Predecessor, child: tuple[str, Hindrance]
) -> str | None:
    """Say why a run that comes to the step of a child must not start it; None if it may.

    Args:
        program: The definition of the run.
        identity: What the keys of the run begin with.
        before: What was undone before.
        child: Its workflow id, and why it can't be started.
    """
    workflow_id, hindrance = child
    path = find_place(program, workflow_id, identity)
    if path is None:
        number = max(_list_generations(program, before), default=before.generation)
        return hindrance.explain(has_next_key=number > 1, generation=number)
    number = _count_generation(program, path, before)
    return hindrance.explain(has_next_key=workflow_id != join_key(f"{identity}/{path}", number))


@dataclass(frozen=True, slots=True)
class EarlierChildren:
    """Children that no step shows any more, because it has started another one since, or its item is over."""

    open_places: Collection[str]
    """Where children are that have not completed: paths in idempotency keys."""
    open_items: tuple[str, ...]
    """What the paths of the items begin with that have failed, and run again."""
    named: str | None
    """A loop with such items, in which children have ids of their own; None if there is none."""
    rest: Hindrances

    @staticmethod
    def find(run: Run, remains: Remains, hindrances: Hindrances) -> EarlierChildren:
        """Find them.

        Args:
            run: The run, before anything of it is taken back.
            remains: What it has left.
            hindrances: Why some of its children can't be started.
        """
        places = {each: find_place(run.program, each, run.identity) for each in hindrances}
        steps = [step for step in run.progress.steps.values() if step.child is not None]
        shown = {step.child for step in steps if not step.is_over or places.get(step.child or "") is None}
        open_places = (find_place(run.program, each, run.identity) for each in list_open_children(remains))
        failed = list(_list_failed_items(run))
        named = (loop.path for loop, _ in failed if any(map(has_own_id, loop.walk())))
        return EarlierChildren(
            frozenset(place for place in open_places if place is not None),
            tuple(item for _, item in failed),
            next(named, None),
            {name: each for name, each in hindrances.items() if name not in shown},
        )

    def refuse(self, rewinding: Rewinding, newer: Program | None) -> Iterator[tuple[str, str]]:
        """Find those that would be run again.

        Args:
            rewinding: The run, after it was taken back.
            newer: Another definition to go on with.

        Yields:
            The path of the step in idempotency keys, and why it can't run again.
        """
        run = rewinding.run
        before = replace(run.predecessor, generation=run.generation, undone=sum_up_undone(run))
        for child in self.rest.items():
            place = find_place(run.program, child[0], run.identity)
            path = place or self.named
            if path is None or not _holds_child(newer or run.program, path):
                continue
            if place is not None and self._is_left(rewinding, place):
                continue
            why = explain_start(run.program, run.identity, before, child)
            if why is not None:
                yield path, why

    def _is_left(self, rewinding: Rewinding, path: str) -> bool:
        """Whether a step does not run again: it is kept, or its iteration is over and stays so."""
        loops = list(enclosing_loops(path))
        kept = {each.key_path for node in rewinding.kept for each in node.walk()}
        if not kept.isdisjoint((path, *loops)) or _runs_after_failure(rewinding.run.program, path):
            return True
        if path in self.open_places or path.startswith(self.open_items):
            return False
        opened = {node.key_path for node in rewinding.opened if node.is_loop}
        return not opened.isdisjoint(loops)


def _holds_child(program: Program, path: str) -> bool:
    """Whether a step calls a child, or steps inside it do."""
    node = find_defined(program, path)
    return node is not None and any(each.child is not None for each in node.walk())


def _runs_after_failure(program: Program, path: str) -> bool:
    """Whether a step stands in `on_failure`, so that it runs only if the run fails again."""
    node = find_defined(program, path)
    return any(each is node for top in program.on_failure for each in top.walk())


def find_place(program: Program, workflow_id: str, identity: str) -> str | None:
    """Find which step starts a child: the path in keys. None if the id of the child is not the key of a step."""
    if not workflow_id.startswith(f"{identity}/"):
        return None
    path, _ = split_key(workflow_id.removeprefix(f"{identity}/"))
    node = find_defined(program, path)
    return None if node is None or node.child is None or has_own_id(node) else path


def _list_failed_items(run: Run) -> Iterator[tuple[Node, str]]:
    """List the items that have failed and are over, in loops that do not keep them as letters.

    Yields:
        The loop, and what the paths of the item's steps begin with in keys.
    """
    for path, step in run.progress.steps.items():
        if not isinstance(step.resume, ForEachState) or (step.is_over and step.state != "failed"):
            continue
        node = find_node_of(run, path)
        if node is not None and node.dead_letter is None:
            for each in step.resume.failed:
                yield node, f"{node.key_path}[{each['index'] if each['key'] is None else each['key']}]/"


def _count_generation(program: Program, path: str, before: Predecessor) -> int:
    node = find_defined(program, path)
    begins = before.generation if node is not None and node.undoable else before.least_generation
    return begins + sum(before.undone.get(each, 0) for each in (path, *enclosing_loops(path)))


def _list_generations(program: Program, before: Predecessor) -> Iterator[int]:
    """List what the steps that give their children ids of their own may tell these."""
    for node in program.nodes.values():
        if not has_own_id(node):
            continue
        paths = [path for path in before.undone if find_defined(program, path) is node]
        yield from (_count_generation(program, path, before) for path in paths)
        yield before.generation
