"""When a schedule starts runs, and what it does when the one before goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

from interpreter.temporal.client.start_options import InvalidOptions

Overlap = Literal["skip", "buffer-one", "buffer-all", "cancel-other", "terminate-other", "allow-all"]
OVERLAPS: tuple[Overlap, ...] = get_args(Overlap)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleOptions:
    """Temporal's own options of a schedule, by Temporal's names.

    Raises:
        InvalidOptions: it would never start a run.
    """

    cron: tuple[str, ...] = ()
    """Cron expressions; each starts runs."""
    every: tuple[timedelta, ...] = ()
    """Intervals, counted from the epoch: `1h` is at every full hour."""
    time_zone: str | None = None
    """In which time zone the cron expressions are, by its IANA name; without it UTC."""
    overlap: Overlap = "skip"
    """What to do when it is time and the run before goes on."""
    note: str | None = None
    paused: bool = False

    def __post_init__(self) -> None:
        if not self.cron and not self.every:
            raise InvalidOptions("when? a cron expression or an interval is needed")
