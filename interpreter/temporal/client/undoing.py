"""Whether a run that is open undoes what it has done: then it goes on with that, and no cancellation changes it."""

from __future__ import annotations

from temporalio.client import WorkflowExecutionDescription

from interpreter.effects import UndoneStatus
from interpreter.temporal.client.decoding import read_memo
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.wire.undone_records import decode_records


async def is_undoing(run: RunHandle, described: WorkflowExecutionDescription) -> bool:
    """Tell whether a run was undoing all that it has done when it was described. A cancellation may have come since.

    A part of a run may be undone while the run goes on, so the memo alone does not tell. The worker is asked only if
    the memo says that something is being undone.

    Returns:
        False also if it can't be known: no worker answers, or the memo or the answer can't be decoded here.
    """
    memo, _ = await read_memo(described, described.workflow_type)
    if not any(record.status is UndoneStatus.UNDOING for record in decode_records(memo).values()):
        return False
    progress = (await run.ask_for_progress(described)).progress or {}
    if progress.get("status") == "cancelled":  # by whom, the answer does not tell
        return described.raw_description.workflow_extended_info.cancel_requested
    return progress.get("status") == "failed"


def describe_undoing(workflow_id: str) -> str:
    """Describe where people see how far a run has undone what it has done, and what helps if it hangs there."""
    return (
        f"`stepfile compensation list {workflow_id}` shows how far it has come; "
        "if a step hangs, `stepfile compensation skip` or `retry` helps"
    )
