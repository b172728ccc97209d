"""Which runs are meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from dsl.problems.suggest import did_you_mean

RunStatus = Literal[
    "running", "completed", "failed", "cancelled", "terminated", "timed_out", "continued_as_new"
]
STATUSES: tuple[RunStatus, ...] = get_args(RunStatus)

MOST_RUNS = 1000
"""How many runs are looked at, unless somebody says else."""


class InvalidQuery(ValueError):
    """No run can be meant by this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """Which runs are meant: those that fit all that is said."""

    definition: str | None = None
    """The name of their definition."""
    statuses: tuple[RunStatus, ...] = ()
    """The states that they may be in; none: any but `continued_as_new`, since such a run goes on as another one."""
    version: str | None = None
    """The version of their definition."""
    since: datetime | None = None
    """Runs that were started or have ended at this time or later."""
    failed_at: str | None = None
    """The step that has failed them: as the definition names it, or with its iteration (`charge_all[3]/charge`)."""
    error_type: str | None = None
    """The type of the error that they have failed with."""
    not_undone: bool = False
    """Whether an effect was to be undone and is not, or may not be."""
    has_letters: bool = False
    """Whether they have written a dead letter."""
    stuck: bool = False
    """Whether they are open and do not get on: see `interpreter.temporal.client.runs.stuck`."""
    superseded: bool = False
    """Whether runs are meant, too, that another run with their id has followed."""
    unindexed: bool = False
    """Whether each run is read even where search attributes could tell. So runs are found, too, that were started
    before the attributes were registered, or by clients that do not know of them."""
    limit: int = MOST_RUNS
    """How many runs are looked at, the latest first. A run that another one has followed counts only if such runs
    are meant, too."""

    def __post_init__(self) -> None:
        """
        Raises:
            InvalidQuery: no run can be meant.
        """
        for status in self.statuses:
            check_status(status)
        if self.limit < 1:
            raise InvalidQuery("the limit must be 1 or more")
        if self.stuck and (self.failed_at is not None or self.error_type is not None):
            raise InvalidQuery("a run that has failed is not stuck: ask for one of the two")
        for what, wanted, fits in _NEEDS:
            if getattr(self, wanted) and self.statuses and fits not in self.statuses:
                raise InvalidQuery(f"{what} can't be found among runs that are {' or '.join(self.statuses)}")

    @property
    def includes_superseded(self) -> bool:
        """Whether runs are meant that another one has followed, as it has each run that was continued as new."""
        return self.superseded or "continued_as_new" in self.statuses

    @property
    def searched_statuses(self) -> tuple[RunStatus, ...]:
        """The states that runs can be in which fit all that is said; none: any."""
        for _, wanted, fits in _NEEDS:
            if getattr(self, wanted):
                return (fits,)
        return self.statuses


_NEEDS: tuple[tuple[str, str, RunStatus], ...] = (
    ("runs that have failed at a step", "failed_at", "failed"),
    ("runs that have failed with a type of error", "error_type", "failed"),
    ("runs that are stuck", "stuck", "running"),
)
"""What can be asked for, the field that asks for it, and the only state that it can be found in."""


def check_status(status: str) -> RunStatus:
    """Look whether there is such a state.

    Raises:
        InvalidQuery: there is none.
    """
    for known in STATUSES:
        if status == known:
            return known
    hint = did_you_mean(status, STATUSES, _OTHER_SPELLINGS) or f"a run is {', '.join(STATUSES)}"
    raise InvalidQuery(f'there is no status "{status}"; {hint}')


_OTHER_SPELLINGS: Mapping[str, str] = {"open": "running", "canceled": "cancelled", "succeeded": "completed"}
"""Words that people know from elsewhere."""
