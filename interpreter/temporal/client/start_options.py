"""When a run starts, and what becomes of another one that has its id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from interpreter.messages.declared import Kind

IdReuse = Literal["allow-duplicate", "allow-duplicate-failed-only", "reject-duplicate"]
IdConflict = Literal["fail", "use-existing", "terminate-existing"]
ID_REUSE: tuple[IdReuse, ...] = get_args(IdReuse)
ID_CONFLICT: tuple[IdConflict, ...] = get_args(IdConflict)


class InvalidOptions(ValueError):
    """Options that Temporal does not take together; nothing was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOptions:
    """Temporal's own options of a start, by Temporal's names. What Temporal refuses is refused here: see `check`."""

    start_delay: timedelta | None = None
    """How long the first step waits. A signal sent meanwhile does not hurry it, an update does."""
    cron: str | None = None
    """The run starts again and again; a schedule can do more."""
    id_reuse: IdReuse = "allow-duplicate"
    """Whether an id may be used again after its run has ended."""
    id_conflict: IdConflict | None = None
    """What to do when a run with this id goes on; without it `fail`, or `use-existing` if a message comes along."""

    def check(self, message: Kind | None = None) -> None:
        """Whether Temporal takes all of them for one start.

        Args:
            message: What is sent along with the start.

        Raises:
            InvalidOptions: it does not.
        """
        if self.cron and self.start_delay is not None:
            raise InvalidOptions("a start delay and a cron expression exclude each other")
        if message == "update" and (self.cron or self.start_delay is not None):
            what = "a cron expression" if self.cron else "a start delay"
            raise InvalidOptions(
                f"an update waits for the run, and {what} excludes that; send a signal along"
            )
        if message == "signal" and self.id_conflict == "fail":
            raise InvalidOptions(
                "a signal that comes along goes to the run that there is: fail excludes that"
            )
        if self.id_conflict == "terminate-existing" and self.id_reuse == "reject-duplicate":
            raise InvalidOptions("terminate-existing would use the id again, which reject-duplicate excludes")
