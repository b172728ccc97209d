"""One line of what happened in a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A `HistoryEntry` is one thing that happened in a run, in words."""

    at: datetime
    event_id: int | None
    """The number of Temporal's event; None if the history does not have it yet."""
    name: str
    """Its name for programs; what the log of a worker tells, too, has the same name there."""
    text: str
    fields: Mapping[str, Any]
    """What it is about: `step`, and more of what the name implies."""
