"""Undoing in a history: the memo of the run tells what has become of the effect of each step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import assert_never

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from interpreter.effects import UndoneRecord, UndoneStatus
from interpreter.events import CompensationEnded, CompensationOutcome, CompensationStarted, Event, Place
from interpreter.temporal.client.history.handlers import Handlers
from interpreter.temporal.client.history.reading import Reading
from interpreter.temporal.wire.undone_records import INCOMPLETE, PREFIX, decode_records
from interpreter.wording import Line, describe_event


class Undoing:
    """Tells what is being undone, what is undone, and what is not."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._begun: dict[str, datetime] = {}
        """Path → when its undoing began."""
        self.handlers: Handlers = {EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED: self._tell_changes}

    async def _tell_changes(self, event: HistoryEvent) -> Sequence[Line]:
        fields = event.workflow_properties_modified_event_attributes.upserted_memo.fields
        names = [name for name in fields if name.startswith(PREFIX) and name != INCOMPLETE]
        values = await self._reading.decode([fields[name] for name in names])
        if values is None:
            paths = ", ".join(self._reading.redact(name.removeprefix(PREFIX)) for name in sorted(names))
            return [Line("undoing", f"undoing goes on, and can't be decoded here: {paths}")]
        records = decode_records(dict(zip(names, values, strict=True)))
        at = event.event_time.ToDatetime(UTC)
        # What has ended comes before what begins: both are written together.
        ended = [each for path in sorted(records) for each in self._describe_end(path, records[path], at)]
        began = [each for path in sorted(records) for each in self._describe_begin(path, records[path], at)]
        return [describe_event(each) for each in (*ended, *began)]

    def _describe_end(self, path: str, record: UndoneRecord, at: datetime) -> Iterator[Event]:
        place = self._place(path)
        match record.status:
            case UndoneStatus.UNDOING:
                return
            case UndoneStatus.UNDONE:
                # A block that was undone tells so for each step in it.
                yield CompensationEnded(place, "completed", self._begun.pop(path, at), at, None)
            case UndoneStatus.NOT_UNDONE:
                began = self._begun.pop(path, None)
                outcome: CompensationOutcome = "skipped" if began is None else "failed"
                yield CompensationEnded(place, outcome, began or at, at, None)
            case _:
                assert_never(record.status)

    def _describe_begin(self, path: str, record: UndoneRecord, at: datetime) -> Iterator[Event]:
        if record.status is UndoneStatus.UNDOING:
            self._begun[path] = at
            yield CompensationStarted(self._place(path))

    def _place(self, path: str) -> Place:
        shown = self._reading.redact(path)
        return Place(shown, shown)
