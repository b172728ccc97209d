"""Read the history of a run, page by page, and put it into words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from interpreter.temporal.client.history.activities import Activities
from interpreter.temporal.client.history.children import Children
from interpreter.temporal.client.history.entry import HistoryEntry
from interpreter.temporal.client.history.handlers import Handler
from interpreter.temporal.client.history.local_activities import LocalActivities
from interpreter.temporal.client.history.messages import Messages
from interpreter.temporal.client.history.pending import describe_retries
from interpreter.temporal.client.history.reading import Reading, read_time
from interpreter.temporal.client.history.runs import Runs
from interpreter.temporal.client.history.start import RunStart
from interpreter.temporal.client.history.timers import Timers
from interpreter.temporal.client.history.undoing import Undoing
from interpreter.temporal.client.run_handle import RunSnapshot
from interpreter.temporal.client.run_problem import translate_errors

_PARTS = (Runs, Activities, LocalActivities, Children, Timers, Messages, Undoing)
"""Each reads other events."""


class HistoryReader:
    """A `HistoryReader` reads the history of one run, once. It keeps only what has not ended yet."""

    def __init__(self, client: Client, workflow_id: str, run_id: str) -> None:
        """Prepare to read; the server is not asked yet."""
        self._client = client
        self.workflow_id = workflow_id
        self.run_id = run_id
        self._reading = Reading(client.data_converter, workflow_id)
        self._handlers: dict[EventType.ValueType, Handler] = {
            kind: handler for part in _PARTS for kind, handler in part(self._reading).handlers.items()
        }

    @property
    def start(self) -> RunStart:
        """What the run was started with, once its first event was read."""
        return self._reading.start

    @property
    def undecodable(self) -> str | None:
        """Why some of what was read can't be decoded here; None if all of it could."""
        return self._reading.undecodable

    async def read(self) -> AsyncIterator[HistoryEntry]:
        """Yield what has happened so far, in its order.

        Raises:
            RunProblem: there is no such run.
        """
        handle = self._client.get_workflow_handle(self.workflow_id, run_id=self.run_id)
        with translate_errors(self.workflow_id):
            async for event in handle.fetch_history_events():
                handler = self._handlers.get(event.event_type)
                if handler is None:
                    continue
                at = read_time(event)
                for line in await handler(event):
                    yield HistoryEntry(at, event.event_id, line.name, line.text, line.fields)

    def describe_retries(self, snapshot: RunSnapshot) -> Iterator[HistoryEntry]:
        """Say what is being tried again, once the history was read.

        Args:
            snapshot: The same run now.
        """
        return describe_retries(self._reading, snapshot)
