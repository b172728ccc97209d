"""A run that was reset learns what other runs of its workflow id have undone since, and whether it can go on.

**What a reset does.** Temporal copies the history up to a point, and a new run goes on from there. It takes for done
what the old run had done by then. But the old run may have undone that afterwards, and then the new one would end
COMPLETED with effects that are no more.

**What the run may keep.** If nothing that it has done, or has begun, was undone, it goes on. Steps that it has not
begun get the next key if the old run has undone them. What it is undoing itself at the moment is no matter either: it
goes on undoing, under the same key, which changes nothing where the old run has done it. A child that runs will tell
how it has ended. One that it starts may have had one before it under its key, of which something may stand.

**What it can't keep.** If the effect of a step that it has done is gone, or nobody knows, the run can't go on. It
fails as by its deadline: what runs is stopped, and what it has done is undone, once more where the old run has undone
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dsl.expressions import JsonValue
from interpreter.effects import ResetReport, UndoneRecord, UndoneStatus
from interpreter.failure.error_types import UNDONE_BEFORE_RESET
from interpreter.failure.failure import Failure
from interpreter.program.model import Node
from interpreter.state.run import Run

SHOWN_STEPS = 10
"""How many of the steps that were undone are named in the message."""


def take_over_undone(run: Run, report: ResetReport) -> Failure | None:
    """Count what other runs have undone with what this one has undone.

    Returns:
        Why the run can't go on from where it was reset to; None if it can.
    """
    run.predecessor = run.predecessor.meet_children(report.children)
    undoing = _list_paths(undo.node for undo in run.saga.under_way)
    begun = _list_paths(undo.node for undo in run.saga.undos if undo.is_open) - undoing
    undoing |= {*_list_running_children(run)} - begun
    records: dict[str, UndoneRecord] = {}
    lost: list[str] = []
    for path, apart in report.steps.items():
        if path in begun or path in undoing:
            run.undone_apart.known[path] = apart.record.times
            records[path] = apart.record
        elif apart.more:
            skipped = run.undone_apart.skipped
            skipped[path] = skipped.get(path, 0) + apart.more
            records[path] = UndoneRecord(UndoneStatus.UNDONE, apart.record.times)
        if path in begun or (path not in undoing and apart.record.status is UndoneStatus.UNDOING):
            lost.append(path)
            records[path] = apart.record
    if records:
        run.effects.record_undone(records)
    reason = _find_reason(report, lost)
    if reason is None:
        return None
    details: JsonValue = {"steps": [*lost], "runs": [*report.runs]}
    return Failure(UNDONE_BEFORE_RESET, _describe(run, reason), details, non_retryable=True)


def _list_paths(nodes: Iterable[Node]) -> set[str]:
    """The paths in keys of steps, and of what is inside them."""
    return {
        inner.key_path
        for node in nodes
        for inner in (node, *(each for part in node.parts for each in part.walk()))
    }


def _list_running_children(run: Run) -> Iterator[str]:
    """The paths in keys of steps whose child runs. A child that has failed, or was stopped, has undone itself."""
    key_frames = {frame: keys for step in run.progress.steps.values() for frame, keys in step.frames.items()}
    for path, step in run.progress.steps.items():
        if step.state == "running" and step.child is not None:
            frame, slash, name = path.rpartition("/")
            yield f"{key_frames.get(frame + slash, frame + slash)}{name}"


def _find_reason(report: ResetReport, lost: list[str]) -> str | None:
    if report.unknown is not None:
        return f"nobody can say what was undone since: {report.unknown}"
    if lost:
        named = ", ".join(lost[:SHOWN_STEPS])
        more = f" and {len(lost) - SHOWN_STEPS} more" if len(lost) > SHOWN_STEPS else ""
        return f"the effects of these steps were undone since, or may have been: {named}{more}"
    return None


def _describe(run: Run, reason: str) -> str:
    name = run.effects.workflow_id
    return (
        f"the run was reset to a point from which it can't go on: {reason}. What it had done by then is "
        f'undone. Use "stepfile resume {name}", which does again only what is missing, or "stepfile retry {name}", '
        "which begins at the beginning"
    )
