"""The children of steps that are to run again: some can't, because of what has become of the child meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from interpreter.program.model import Node, Program
from interpreter.program.paths import REPETITION_MARK, enclosing_loops, find_defined, find_node
from interpreter.resume.remains import Remains
from interpreter.resume.rewind import Rewinding
from interpreter.state.keys import get_generation, idempotency_key, list_undone
from interpreter.state.progress import StepProgress
from interpreter.state.run import Run
from interpreter.state.step_state import ForEachState


@dataclass(frozen=True, slots=True)
class RepairedChild:
    """A child that was repaired by itself, or has such a child in turn.

    Its parent does not know of what the later run has done.
    """

    again: str | None
    """Why its step can't start it with the keys that it had; None if it can."""
    anew: str | None
    """Why its step can't start it with the next keys, after it was undone; None if it can."""
    next_generation: int = 1
    """From which generation on none of its keys was used, if it keeps its id."""

    def explain(self, *, has_next_key: bool, generation: int | None = None) -> str | None:
        """Say why its step can't start it; None if it can.

        Args:
            has_next_key: Whether the step has another key than the one that has started it.
            generation: What the step tells a child that keeps its id; None: such a key is another id.
        """
        if generation is not None and generation < self.next_generation:
            return self.again
        return self.anew if has_next_key else self.again

    def join(self, other: RepairedChild) -> RepairedChild:
        """Put together what is known of the same child."""
        return RepairedChild(
            self.again or other.again,
            self.anew or other.anew,
            max(self.next_generation, other.next_generation),
        )


@dataclass(frozen=True, slots=True)
class Children:
    """What is known of children that have not completed for their parent, by their workflow ids."""

    unusable: Mapping[str, str] = field(default_factory=dict[str, str])
    """Why the step of a child can't run again."""
    repaired: Mapping[str, RepairedChild] = field(default_factory=dict[str, RepairedChild])


NOTHING_SPECIAL = Children()


def list_open_children(remains: Remains) -> list[str]:
    """List the workflow ids of the children whose steps have begun, and are not over."""
    steps = remains.build_run().progress.steps.values()
    return [step.child for step in steps if step.child is not None and not step.is_over]


def refuse_children(run: Run, children: Children, newer: Program | None) -> Iterator[tuple[str, str]]:
    """Find the steps that can't run again because of their children.

    Args:
        run: The run, before anything of it is taken back.
        children: What is known of its children.
        newer: Another definition to go on with. Nothing speaks against a step that calls no child in it.

    Yields:
        The path of a step, and why.
    """
    for path, step in run.progress.steps.items():
        if step.child is None or step.is_over or not (newer is None or _calls_child(newer, path)):
            continue
        why: str | None = None
        if (repaired := children.repaired.get(step.child)) is not None:
            why = _explain(run, path, step, repaired)
        elif not _has_next_key(run, path, step):
            why = children.unusable.get(step.child)
        if why is not None:
            yield path, why


def explain_start(
    program: Program,
    identity: str,
    undone: Mapping[str, int],
    generation: int,
    child: tuple[str, RepairedChild],
) -> str | None:
    """Say why a run that comes to the step of a child must not start it; None if it may.

    Args:
        program: The definition of the run.
        identity: What the keys of the run begin with.
        undone: Path in idempotency keys → how often the effect of a step was undone before.
        generation: With which generation the keys of undoable steps begin.
        child: Its workflow id, and what is known of it.
    """
    workflow_id, repaired = child
    path = _find_place(program, workflow_id, identity)
    if path is None:
        number = min(_list_generations(program, undone, generation), default=generation)
        return repaired.explain(has_next_key=number > 1, generation=number)
    number = _count_generation(program, path, undone, generation)
    name = f"{identity}/{path}" if number == 1 else f"{identity}/{path}{REPETITION_MARK}{number}"
    return repaired.explain(has_next_key=workflow_id != name)


@dataclass(frozen=True, slots=True)
class EarlierChildren:
    """Children that no step shows any more, because it has started another one since, or its item is over."""

    open_places: Collection[str]
    """Where children are that have not completed: paths in idempotency keys."""
    open_items: tuple[str, ...]
    """What the paths of the items begin with that have failed, and run again."""
    named: str | None
    """A loop with such items, in which children have ids of their own; None if there is none."""
    rest: Mapping[str, RepairedChild]

    @staticmethod
    def find(run: Run, remains: Remains, children: Children) -> EarlierChildren:
        """Find them.

        Args:
            run: The run, before anything of it is taken back.
            remains: What it has left.
            children: What is known of its children.
        """
        places = {each: _find_place(run.program, each, run.identity) for each in children.repaired}
        steps = [step for step in run.progress.steps.values() if step.child is not None]
        shown = {step.child for step in steps if not step.is_over or places.get(step.child or "") is None}
        open_places = (_find_place(run.program, each, run.identity) for each in list_open_children(remains))
        failed = list(_list_failed_items(run))
        named = (loop.path for loop, _ in failed if any(map(_has_own_id, loop.walk())))
        return EarlierChildren(
            frozenset(place for place in open_places if place is not None),
            tuple(item for _, item in failed),
            next(named, None),
            {name: each for name, each in children.repaired.items() if name not in shown},
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
        undone = {**run.undone_before}
        for each, times in list_undone(run).items():
            undone[each] = undone.get(each, 0) + times
        for child in self.rest.items():
            place = _find_place(run.program, child[0], run.identity)
            path = place or self.named
            if path is None or not _holds_child(newer or run.program, path):
                continue
            if place is not None and self._is_left(rewinding, place):
                continue
            why = explain_start(run.program, run.identity, undone, run.generation, child)
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


def _explain(run: Run, path: str, step: StepProgress, repaired: RepairedChild) -> str | None:
    node = _find_node(run, path)
    number = get_generation(run, node) if node is not None and _has_own_id(node) else None
    return repaired.explain(has_next_key=_has_next_key(run, path, step), generation=number)


def _has_next_key(run: Run, path: str, step: StepProgress) -> bool:
    """Whether the child has undone all, or its step was undone, so that it would begin with other keys."""
    node = _find_node(run, path)
    if node is None or node.child is None:
        return False
    if node.child.workflow.workflow_id is None:
        return idempotency_key(run, node) != step.child  # that is the id
    return get_generation(run, node) > 1


def _calls_child(program: Program, path: str) -> bool:
    node = find_defined(program, path)
    return node is not None and node.child is not None


def _holds_child(program: Program, path: str) -> bool:
    """Whether a step calls a child, or steps inside it do."""
    node = find_defined(program, path)
    return node is not None and any(each.child is not None for each in node.walk())


def _has_own_id(node: Node) -> bool:
    return node.child is not None and node.child.workflow.workflow_id is not None


def _runs_after_failure(program: Program, path: str) -> bool:
    """Whether a step stands in `on_failure`, so that it runs only if the run fails again."""
    node = find_defined(program, path)
    return any(each is node for top in program.on_failure for each in top.walk())


def _find_node(run: Run, path: str) -> Node | None:
    frame, slash, name = path.rpartition("/")
    if name not in run.program.nodes:
        return None
    loop = frame.rpartition("[")[0]
    return find_node(run.program, path, run.progress.of(loop).frames[f"{frame}/"] if slash else "")


def _find_place(program: Program, workflow_id: str, identity: str) -> str | None:
    """Find which step starts a child: the path in keys. None if the id of the child is not the key of a step."""
    if not workflow_id.startswith(f"{identity}/"):
        return None
    frame, slash, name = workflow_id.removeprefix(f"{identity}/").rpartition("/")
    first, mark, number = name.rpartition(REPETITION_MARK)
    path = f"{frame}{slash}{first if mark and number.isdecimal() else name}"
    node = find_defined(program, path)
    return None if node is None or node.child is None or _has_own_id(node) else path


def _list_failed_items(run: Run) -> Iterator[tuple[Node, str]]:
    """List the items that have failed and are over, in loops that do not keep them as letters.

    Yields:
        The loop, and what the paths of the item's steps begin with in keys.
    """
    for path, step in run.progress.steps.items():
        if not isinstance(step.resume, ForEachState) or (step.is_over and step.state != "failed"):
            continue
        node = _find_node(run, path)
        if node is not None and node.dead_letter is None:
            for each in step.resume.failed:
                yield node, f"{node.key_path}[{each['index'] if each['key'] is None else each['key']}]/"


def _count_generation(program: Program, path: str, undone: Mapping[str, int], generation: int) -> int:
    node = find_defined(program, path)
    begins = generation if node is not None and node.undoable else 1
    return begins + sum(undone.get(each, 0) for each in (path, *enclosing_loops(path)))


def _list_generations(program: Program, undone: Mapping[str, int], generation: int) -> Iterator[int]:
    """List what the steps that give their children ids of their own may tell these."""
    for node in program.nodes.values():
        if not _has_own_id(node):
            continue
        paths = [path for path in undone if find_defined(program, path) is node]
        yield from (_count_generation(program, path, undone, generation) for path in paths)
        if not paths or any("[" in path for path in paths):
            yield generation
