"""Local activities in a history: a marker tells how one has ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from interpreter.events import Place, StepEnded, StepOutcome
from interpreter.program.paths import step_of_activity
from interpreter.temporal.client.history.handlers import Handlers
from interpreter.temporal.client.history.reading import Reading
from interpreter.wording import Line, describe_event

_MARKER = "core_local_activity"
"""What temporalio calls the marker."""


class LocalActivities:
    """Tells what became of local activities."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.handlers: Handlers = {EventType.EVENT_TYPE_MARKER_RECORDED: self._tell_end}

    async def _tell_end(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.marker_recorded_event_attributes
        if told.marker_name != _MARKER:
            return []
        data = await self._reading.decode(told.details["data"].payloads)
        about: dict[str, Any] = data[0] if data else {}
        step = self._reading.redact(step_of_activity(about.get("activity_id", "(can't be decoded here)")))
        failure = await self._reading.read_failure(told.failure) if told.HasField("failure") else None
        at = event.event_time.ToDatetime(UTC)
        outcome: StepOutcome = "completed" if failure is None else "failed"
        attempt: int | None = about.get("attempt")
        line = describe_event(StepEnded(Place(step, step), "activity", outcome, at, at, attempt, failure))
        return [Line(line.name, line.text, {**line.fields, "activity": about.get("activity_type")})]
