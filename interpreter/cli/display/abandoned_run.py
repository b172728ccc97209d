"""A second Ctrl-C ends the command while the run goes on: the user is told what is not undone then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from interpreter.cli.display.wording import join_names

if TYPE_CHECKING:
    from interpreter.temporal.client.run_handle import RunSnapshot


def describe_abandoned_run(snapshot: RunSnapshot | None, task_queue: str | None) -> Iterator[str]:
    """Say what of a run is not undone when its worker ends, line by line.

    Args:
        snapshot: The last one that was taken of the run; None if the run was not seen.
        task_queue: The task queue of the run, if its server goes on; None if that ends together with the worker.
    """
    if snapshot is not None and snapshot.has_ended:
        return
    progress: Mapping[str, Any] | None = snapshot.progress if snapshot is not None else None
    if progress is None or "to_undo" not in progress:
        yield "the command ends at once; what the run has done, and what of it is undone, is not known"
    else:
        yield f"the command ends at once; {_list_not_undone(progress)}"
    if task_queue is None:
        yield "its Temporal server ends with it, so nothing more will be undone"
    else:
        yield f"the run goes on as soon as a worker is there: stepfile worker --task-queue {task_queue}"


def _list_not_undone(progress: Mapping[str, Any]) -> str:
    given_up = [each["step"] for each in progress["compensations"] if each["status"] != "completed"]
    left = progress["to_undo"]
    count = left["count"] + len(given_up)
    if not count:
        return "nothing was left to be undone"
    return f"NOT undone: {join_names([*left['steps'], *given_up], count)}"
