"""All that can be known of one run. No worker is needed; of a run that is open, one may know more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client

from interpreter.temporal.client.decoding import read_memo
from interpreter.temporal.client.ending import ENDED, Ending, read_status
from interpreter.temporal.client.history.entry import HistoryEntry
from interpreter.temporal.client.history.reader import HistoryReader
from interpreter.temporal.client.history.start import RunStart
from interpreter.temporal.client.run_handle import Answer, RunHandle, RunSnapshot, build_snapshot
from interpreter.temporal.client.runs.same_id import list_runs_with_id
from interpreter.temporal.client.runs.summary import RunSummary


@dataclass(frozen=True, slots=True)
class RunDetails:
    """All that can be known of one run."""

    snapshot: RunSnapshot
    ending: Ending | None
    """How it has ended; None while it is open, or if it goes on as another run."""
    start: RunStart
    memo: Mapping[str, Any]
    letters: Sequence[HistoryEntry]
    """Its dead letters, also those that could not be kept."""
    before: Sequence[RunSummary]
    """The runs with its id before it, the first one first."""


async def read_details(client: Client, workflow_id: str, run_id: str | None = None) -> RunDetails:
    """Read all that can be known of a run.

    The worker of a run that is open is asked, too; if it does not answer, the snapshot says why.

    Args:
        client: A connection, as from `connect`.
        workflow_id: The id of the run.
        run_id: Which run of that id; None: the latest one.

    Raises:
        RunProblem: there is no such run, or it is not a run of Stepfile.
    """
    described = await RunHandle.find(client, workflow_id, run_id).describe()
    run = RunHandle.find(client, workflow_id, described.run_id)
    has_ended = read_status(described.status) in ENDED
    answer = Answer() if has_ended else await run.ask_for_progress(described)
    snapshot = await build_snapshot(described, answer, client.data_converter)
    ending = await run.wait_for_ending(follow_runs=False) if has_ended else None
    history = HistoryReader(client, workflow_id, described.run_id)
    letters = [entry async for entry in history.read() if entry.name == "dead_letter_written"]
    memo, _ = await read_memo(described, described.workflow_type)
    others = await list_runs_with_id(client, workflow_id)
    before = [each for each in others if each.started_at < snapshot.started_at]
    return RunDetails(snapshot, ending, history.start, memo, letters, before)
