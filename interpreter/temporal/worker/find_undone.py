"""The built-in activity that tells a run which was reset what was undone since (`stepfile.find_undone`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from temporalio import activity

from interpreter.program.compiled import compile_program
from interpreter.temporal.lineage.children import ChildUnknown, read_children
from interpreter.temporal.lineage.lineage import RunGone, find_begun_children, find_runs_beside
from interpreter.temporal.lineage.sums import sum_up
from interpreter.temporal.lineage.undone_run import read_undone_run
from interpreter.temporal.wire.undone_sums import FIND_UNDONE, UndoneSums


@activity.defn(name=FIND_UNDONE)
async def find_undone() -> dict[str, Any]:
    """Look what other runs have undone since the run was reset that calls this activity.

    It fails, and is tried again, while the server can't be asked or a record can't be decoded by this worker. When a
    record is gone for good, the answer says so.
    """
    info, client = activity.info(), activity.client()
    assert info.workflow_id is not None
    assert info.workflow_run_id is not None
    handle = client.get_workflow_handle(info.workflow_id, run_id=info.workflow_run_id)
    own = await read_undone_run(client, await handle.describe())
    try:
        others = await find_runs_beside(client, info.workflow_id, info.workflow_run_id, activity.heartbeat)
    except RunGone as gone:
        return UndoneSums(unknown=f"run {gone} is no more, because its retention has ended").to_json()
    sums = sum_up(own, others)
    if not compile_program(own.request.bundle, own.request.entry).starts_children:
        return sums.to_json()
    try:
        begun = await find_begun_children(client, info.workflow_id, info.workflow_run_id, activity.heartbeat)
        children = await read_children(client, info.workflow_id, activity.heartbeat, begun)
    except RunGone as gone:
        return UndoneSums(unknown=f"run {gone} is no more, because its retention has ended").to_json()
    except ChildUnknown as unknown:
        return UndoneSums(unknown=str(unknown)).to_json()
    return replace(sums, children=children).to_json()
