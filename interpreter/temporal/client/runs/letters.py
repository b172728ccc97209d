"""Whether a run has written a dead letter, read from its history: only that tells it of a run that has not failed."""

from __future__ import annotations

from temporalio.client import Client

from interpreter.temporal.client.decoding import Undecodable
from interpreter.temporal.client.history.reader import HistoryReader
from interpreter.temporal.client.runs.summary import RunSummary


async def find_first_queue(client: Client, run: RunSummary) -> str | None:
    """Find the queue of the first dead letter of a run, and of the runs that it goes on from; None: there is none.

    Raises:
        RunProblem: the run is gone.
        Undecodable: it may go on from a run with a letter, which can't be decoded here.
    """
    history = HistoryReader(client, run.workflow_id, run.run_id)
    async for entry in history.read():
        match history.start.state:
            case {"dead_letters": [{"queue": str() as queue}, *_]}:
                return queue
            case _:
                pass
        if entry.name == "dead_letter_written" and entry.fields["outcome"] == "kept":
            return str(entry.fields["queue"])
    start = history.start
    if start.goes_on and start.problem is not None and start.bundle is None:
        raise Undecodable(start.problem)
    return None
