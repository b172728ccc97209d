"""Names for effects and for activities: idempotency keys and activity ids."""

from __future__ import annotations

from interpreter.effects import UndoneRecord, UndoneStatus
from interpreter.program.model import Node
from interpreter.program.paths import REPETITION_MARK, enclosing_loops, join_key
from interpreter.state.run import Run

LEFT_ENDS_RETRIES = "stepfile-left-ends-retries"
"""Names what a run does not do that was here before on a worker of an earlier release. Part of replay: never change
it."""


def idempotency_key(run: Run, node: Node) -> str:
    """The idempotency key of a step: the same over attempts, compensation and the next run.

    It names one effect. When that was undone, the next run of the step is another effect with another key. A service
    that remembers the first key would answer that the work is done, and it is not.
    """
    place, generation = step_key(run, node), get_generation(run, node)
    return place if generation == 1 else join_key(place, generation)  # it is asked for with each step


def get_generation(run: Run, node: Node) -> int:
    """The generation of a step's key: 1, and one more for each time that the effect was undone.

    That counts what was undone in this run, in other runs under this workflow id, and in the loops around the step.
    """
    count = run.generation if node.undoable else run.predecessor.least_generation
    count += sum(run.undone.get(path, 0) for path in (node.path, *enclosing_loops(node.path)))
    before = run.predecessor.undone
    if before or run.undone_apart.skipped:  # rarely
        for path in (node.key_path, *enclosing_loops(node.key_path)):
            count += before.get(path, 0) + run.undone_apart.skipped.get(path, 0)
    return count


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
        skipped = run.undone_apart.skipped.get(each.key_path, 0)
        known = run.undone_apart.known.get(each.key_path, 0)
        times = max(run.undone.get(each.path, 0) + skipped + 1, known)
        run.undone[each.path] = times - skipped
        records[each.key_path] = UndoneRecord(UndoneStatus.UNDONE, times)
        if each.key_path != each.path:
            run.key_paths[each.path] = each.key_path
    return records


def list_undone(run: Run) -> dict[str, int]:
    """List what was undone in this run: path in idempotency keys → how often."""
    return {run.key_paths.get(path, path): times for path, times in run.undone.items()}


def sum_up_undone(run: Run) -> dict[str, int]:
    """Sum up what a run after this one must know: path in idempotency keys → how often the effect was undone."""
    counts = dict(run.predecessor.undone)
    for path, times in count_own(run).items():
        counts[path] = counts.get(path, 0) + times
    return counts


def count_own(run: Run) -> dict[str, int]:
    """Count what was undone in this run, or beside it: what its memo tells, without what was undone before it."""
    counts = list_undone(run)
    for path, times in run.undone_apart.skipped.items():
        counts[path] = counts.get(path, 0) + times
    return counts


def count_undone(run: Run, node: Node) -> int:
    """Count how often the effect of a step was undone, in this run and those beside it: what its memo tells."""
    here = run.undone.get(node.path, 0) + run.undone_apart.skipped.get(node.key_path, 0)
    return max(here, run.undone_apart.known.get(node.key_path, 0))


def keeps_what_is_left(run: Run, block: Node | None = None) -> bool:
    """Whether a child has left something, and would go on under the same key if a block were run again.

    It may have undone a part, and nobody has told this run which.

    Args:
        run: The run.
        block: The block; None: the whole run.
    """
    left = run.saga.left
    inside = left if block is None else [each for each in left if block.path in each.inside]
    return any(idempotency_key(run, each.node) == each.key for each in inside) and run.effects.may_do(
        LEFT_ENDS_RETRIES
    )


def next_activity_id(run: Run, path: str) -> str:
    """Make an id for the next activity at a place.

    A cancelled activity may still be known to the server when a block runs again, and two activities with the same
    id would block the run.
    """
    number = run.scheduled[path] = run.scheduled.get(path, 0) + 1
    return path if number == 1 else f"{path}{REPETITION_MARK}{number}"
