"""Run a run again from its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client, WorkflowHandle

from interpreter.effects import UndoneStatus
from interpreter.predecessor import Predecessor
from interpreter.temporal.client.decoding import translate_decoding_errors
from interpreter.temporal.client.predecessor import find_predecessor
from interpreter.temporal.client.run_problem import translate_errors
from interpreter.temporal.lineage.lineage import find_runs_beside
from interpreter.temporal.repair.children import note_parent
from interpreter.temporal.repair.ended_run import EndedRun
from interpreter.temporal.repair.problem import RepairProblem
from interpreter.temporal.wire.repair_record import RepairRecord
from interpreter.temporal.wire.request import retry_arguments
from interpreter.temporal.wire.undone_records import decode_records


@dataclass(frozen=True, slots=True)
class Retry:
    """A run that has ended, and begins again when this is started."""

    ended: EndedRun
    before: Predecessor
    """What was undone under the id."""

    notes: Sequence[str] = ()
    """What whoever starts it should know."""

    refusal = None
    """Why it can't be run again; what is found here always can."""

    @property
    def summary(self) -> str:
        """Say in one line what is done."""
        return f"{self.ended.status}, begins again"

    def to_json(self) -> dict[str, Any]:
        """Write it as plain data."""
        return {"was": self.ended.status, "undone": dict(self.before.undone), "notes": list(self.notes)}

    async def start(self, *, reason: str | None = None) -> WorkflowHandle[Any, Any]:
        """Start the run.

        Args:
            reason: Why; it is kept in the memo of the new run, with the identity of the client.

        Raises:
            RepairProblem: the id was used again since the plan was made.
        """
        ended, before = self.ended, self.before
        arguments = retry_arguments(ended.arguments, before)
        record = RepairRecord("retry", ended.info.run_id, ended.client.identity, reason, ended.parent)
        return await ended.start_again(arguments, {}, record)


async def plan_retry(client: Client, workflow_id: str) -> Retry:
    """Look whether a run can be run again from its beginning.

    Steps whose effects were undone have the next keys then; all others have the keys that they had, so that a service
    that knows them does nothing twice.

    Args:
        client: A connection, as from `connect`.
        workflow_id: The id. Its last run has failed, was cancelled or terminated, or has timed out.

    Raises:
        TemporalProblem: there is no such run, or it can't be run again; the message says why.
    """
    ended = await EndedRun.find(client, workflow_id)
    if ended.started.cron_schedule:
        raise RepairProblem(
            f'"{workflow_id}" is a round of a cron workflow, and another run would not have its keys',
            f"`stepfile resume {workflow_id}` goes on with them",
        )
    before = await find_predecessor(client, workflow_id, ended.request.bundle, ended.request.entry)
    return Retry(ended, before, [*await _note_unsettled(ended), *await note_parent(ended)])


async def _note_unsettled(ended: EndedRun) -> list[str]:
    """Say of which steps nobody knows whether they are undone (docs/decisions/024-identity-over-runs.md)."""
    workflow_id, run_id = ended.info.id, ended.info.run_id
    records = decode_records(ended.memo)
    if ended.started.original_execution_run_id != run_id:  # it was reset, and may have ended before it knew
        with translate_errors(workflow_id), translate_decoding_errors():
            for beside in await find_runs_beside(ended.client, workflow_id, run_id):
                records = {**beside.records, **records}
    return [
        f"{path} keeps its key, but nobody knows whether its effect is still there: the run was ended while it was "
        "being undone"
        for path, record in sorted(records.items())
        if record.status is UndoneStatus.UNDOING
    ]
