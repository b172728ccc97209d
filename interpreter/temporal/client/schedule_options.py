"""The options of a schedule say when it starts runs, and what it does if the run before is still running."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

from interpreter.temporal.client.start_options import InvalidOptions

Overlap = Literal["skip", "buffer-one", "buffer-all", "cancel-other", "terminate-other", "allow-all"]
OVERLAPS: tuple[Overlap, ...] = get_args(Overlap)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleOptions:
    """`ScheduleOptions` are Temporal's own options of a schedule, under Temporal's names.

    Raises:
        InvalidOptions: neither `cron` nor `every` is given, so that the schedule would never start a run.
    """

    cron: tuple[str, ...] = ()
    """Cron expressions, each of which starts runs."""
    every: tuple[timedelta, ...] = ()
    """Intervals, which are counted from the epoch: `1h` starts a run at every full hour."""
    time_zone: str | None = None
    """The IANA name of the time zone of the cron expressions; None is UTC."""
    overlap: Overlap = "skip"
    """What to do when it is time and the run before is still running."""
    note: str | None = None
    """A note that is shown with the schedule."""
    paused: bool = False
    """Whether the schedule starts no runs until it is unpaused."""

    def __post_init__(self) -> None:
        if not self.cron and not self.every:
            raise InvalidOptions("a schedule needs a cron expression or an interval")
