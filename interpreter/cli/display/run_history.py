"""What happened in a run is shown as lines of text for people, or as records for programs."""

from __future__ import annotations

import shutil
import sys
import textwrap
from dataclasses import dataclass
from datetime import UTC, date
from typing import TYPE_CHECKING, Any

from dsl.problems.snippet import make_printable
from dsl.scalars.time import format_time

if TYPE_CHECKING:
    from interpreter.temporal.client.history.entry import HistoryEntry
    from interpreter.temporal.client.history.reader import HistoryReader

_INDENT = " " * 14
"""As wide as a time and the space after it."""

_LEAST = 40
"""Columns. In a narrower terminal lines are broken as in one of this width."""


@dataclass(slots=True)
class RunHistoryDisplay:
    """Formats entries one after another: the date stands before the first of each day."""

    _day: date | None = None

    def format(self, entry: HistoryEntry) -> str:
        """Format an entry, such as `09:00:00.123  step charge started`; on a terminal long lines are broken."""
        moment = entry.at.astimezone(UTC)
        time = f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03}"
        line = self._break(f"{time}  {make_printable(entry.text)}")
        if moment.date() == self._day:
            return line
        self._day = moment.date()
        return f"{self._day:%Y-%m-%d} UTC\n{line}"

    def _break(self, line: str) -> str:
        if not sys.stdout.isatty():
            return line
        width = max(shutil.get_terminal_size().columns, _LEAST)
        return textwrap.fill(line, width, subsequent_indent=_INDENT, drop_whitespace=False) or line


def build_record(history: HistoryReader, entry: HistoryEntry) -> dict[str, Any]:
    """Build the JSON object of an entry. It has the keys that a worker's log has, where both tell the same thing."""
    return {
        "time": format_time(entry.at),
        "workflow_id": history.workflow_id,
        "run_id": history.run_id,
        "event": entry.name,
        "message": entry.text,
        "event_id": entry.event_id,
        **entry.fields,
    }
