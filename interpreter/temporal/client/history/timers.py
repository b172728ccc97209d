"""Timers in a history. Their summaries say what they are for."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from dsl.scalars.duration import format_duration
from interpreter.temporal.client.history.handlers import Handlers
from interpreter.temporal.client.history.reading import Reading
from interpreter.wording import Line

_SHORTEST = 2
"""Milliseconds. A shorter timer divides the work of a run, and is nothing that it waits for."""


class Timers:
    """Tells for what the run waits, and how long."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._running: dict[str, str] = {}
        """Id of a timer → what it is for."""
        self.handlers: Handlers = {
            EventType.EVENT_TYPE_TIMER_STARTED: self._tell_started,
            EventType.EVENT_TYPE_TIMER_FIRED: self._tell_fired,
            EventType.EVENT_TYPE_TIMER_CANCELED: self._tell_cancelled,
        }

    async def _tell_started(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.timer_started_event_attributes
        duration = told.start_to_fire_timeout.ToTimedelta()
        if duration.total_seconds() * 1000 < _SHORTEST:
            return []
        summary = await self._reading.read_summary(event) or "(its summary can't be decoded here)"
        self._running[told.timer_id] = summary
        text = f"timer of {format_duration(duration)} started: {summary}"
        return [_build_line("timer_started", text, summary, duration.total_seconds())]

    async def _tell_fired(self, event: HistoryEvent) -> Sequence[Line]:
        return self._tell_end(event.timer_fired_event_attributes.timer_id, "timer_fired", "fired")

    async def _tell_cancelled(self, event: HistoryEvent) -> Sequence[Line]:
        return self._tell_end(event.timer_canceled_event_attributes.timer_id, "timer_cancelled", "cancelled")

    def _tell_end(self, timer: str, name: str, how: str) -> Sequence[Line]:
        summary = self._running.pop(timer, None)
        return [] if summary is None else [_build_line(name, f"timer {how}: {summary}", summary)]


def _build_line(name: str, text: str, summary: str, seconds: float | None = None) -> Line:
    return Line(name, text, {"summary": summary, **({} if seconds is None else {"wait_seconds": seconds})})
