"""What the runs under a workflow id have undone: what the next run under it must know."""

from __future__ import annotations

from temporalio.client import Client, WorkflowExecutionDescription

from interpreter.predecessor import Predecessor
from interpreter.temporal.lineage.lineage import find_runs_beside
from interpreter.temporal.lineage.sums import list_paths
from interpreter.temporal.lineage.undone_run import UndoneRun, read_undone_run


class RecordIncomplete(Exception):
    """A run has undone more steps than its memo holds."""


async def read_predecessor(
    client: Client, latest: WorkflowExecutionDescription
) -> tuple[Predecessor, UndoneRun]:
    """Read what was undone under a workflow id, without regard to children.

    Args:
        client: A connection to the namespace.
        latest: The latest run under the id, as the server describes it now.

    Returns:
        The sum, with what the latest run was told of children, whose records may be gone by now; and what that run
        alone tells.

    Raises:
        RecordIncomplete: a run does not tell all.
        RunGone: the latest run was reset, and the record of a run that it needs is gone.
        Exception: as of `read_undone_run`.
    """
    last = await read_undone_run(client, latest)
    runs = [last]
    if last.was_reset:  # it may have ended before it had learned what was undone since
        runs += await find_runs_beside(client, latest.id, latest.run_id)
    if not all(run.is_complete for run in runs):
        raise RecordIncomplete
    generation = max(run.generation for run in runs)
    counts = {path: max(run.count(path) for run in runs) for path in list_paths(runs)}
    undone = {path: count - generation + 1 for path, count in counts.items() if count >= generation}
    told = last.request.predecessor
    before = Predecessor(generation, undone, told.generation, told.children, told.least_generation)
    return before, last
