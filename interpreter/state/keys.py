"""Names for effects and for activities: idempotency keys and activity ids."""

from __future__ import annotations

from interpreter.effects import UndoneRecord, UndoneStatus
from interpreter.program.model import Node
from interpreter.program.paths import REPETITION_MARK, enclosing_loops
from interpreter.state.run import Run


def idempotency_key(run: Run, node: Node) -> str:
    """The idempotency key of a step: the same over attempts, compensation and the next run.

    It names one effect. When that was undone, the next run of the step is another effect with another key. A service
    that remembers the first key would answer that the work is done, and it is not.
    """
    place, generation = step_key(run, node), get_generation(run, node)
    return place if generation == 1 else f"{place}{REPETITION_MARK}{generation}"


def get_generation(run: Run, node: Node) -> int:
    """The generation of a step's key: 1, and one more for each time that the effect was undone.

    That counts what was undone in this run, in earlier runs under this workflow id, and in the loops around the step.
    """
    here = sum(run.undone.get(path, 0) for path in (node.path, *enclosing_loops(node.path)))
    before = 0
    if run.undone_before:  # rarely
        places = (node.key_path, *enclosing_loops(node.key_path))
        before = sum(run.undone_before.get(path, 0) for path in places)
    return here + before + (run.generation if node.undoable else 1)


def step_key(run: Run, node: Node) -> str:
    """Name a step of this workflow, whatever has become of its effect."""
    return f"{run.identity}/{node.key_path}"


def record_undone(run: Run, node: Node) -> dict[str, UndoneRecord]:
    """Note that the effect of a step, and of what is inside it, is no more: the next one has the next key.

    For the iterations of a loop it is the loop that tells.

    Returns:
        What is to be kept on the run, see `Effects.record_undone`.
    """
    records: dict[str, UndoneRecord] = {}
    for each in (node, *(inner for child in node.parts for inner in child.walk())):
        times = run.undone[each.path] = run.undone.get(each.path, 0) + 1
        records[each.key_path] = UndoneRecord(UndoneStatus.UNDONE, times)
        if each.key_path != each.path:
            run.key_paths[each.path] = each.key_path
    return records


def list_undone(run: Run) -> dict[str, int]:
    """List what was undone in this run: path in idempotency keys → how often."""
    return {run.key_paths.get(path, path): times for path, times in run.undone.items()}


def next_activity_id(run: Run, path: str) -> str:
    """Make an id for the next activity at a place.

    A cancelled activity may still be known to the server when a block runs again, and two activities with the same
    id would block the run.
    """
    number = run.scheduled[path] = run.scheduled.get(path, 0) + 1
    return path if number == 1 else f"{path}{REPETITION_MARK}{number}"
