"""Another definition to go on with: what was kept or has begun must stand in it as it did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from interpreter.program.model import Node, Program
from interpreter.program.paths import find_defined
from interpreter.state.run import NOT_REACHED, Run


def adopt_program(run: Run, program: Program) -> Iterator[str]:
    """Let a run know the steps that only another definition has.

    Yields:
        Why the run can't go on with that definition.
    """
    before, after = _find_places(run.program), _find_places(program)
    for path in sorted({_name(run.program, path) for path in _list_known(run)}):
        if path not in before:
            continue
        if path not in after:
            yield f"{path}: the other definition has no such step"
        elif before[path] != after[path]:
            yield f"{path}: it is {_say(before[path])}, and in the other definition {_say(after[path])}"
    for undo in run.saga.undos:
        node = find_defined(program, undo.node.path)
        if node is not None and (
            node.compensation is None or node.compensation.kind != undo.compensation.kind
        ):
            yield f"{undo.node.path}: it is to be undone, and the other definition does so in another way"
    for frame, shown in run.frames.items():
        loop = frame.rstrip("/").rpartition("[")[0].rpartition("/")[2]
        for name in program.ids.get(loop, ()):
            shown.setdefault(name, NOT_REACHED)


def _list_known(run: Run) -> Iterable[str]:
    undos, left = run.saga.undos, run.saga.left
    return [*run.progress.steps, *(undo.node.path for undo in undos), *(each.node.path for each in left)]


def _name(program: Program, path: str) -> str:
    node = find_defined(program, path)
    return node.path if node is not None else path


Place = tuple[str, tuple[str, ...]]
"""The kind of a step, and the paths of the blocks around it."""


def _find_places(program: Program) -> dict[str, Place]:
    places: dict[str, Place] = {}

    def note(node: Node, around: tuple[str, ...]) -> None:
        places[node.path] = (node.kind, around)
        for child in node.inside:
            note(child, (*around, node.path))
        if node.compensation is not None:
            note(node.compensation, (*around, node.path))

    for node in (*program.steps, *program.on_failure, *program.finally_):
        note(node, ())
    return places


def _say(place: Place) -> str:
    kind, around = place
    return f"{kind} in {' in '.join(reversed(around))}" if around else kind
