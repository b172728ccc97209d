"""The options of a start say when the run starts, and what to do about another run that has its id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, get_args
from unicodedata import category

from dsl.problems.snippet import make_printable
from dsl.scalars.priority import PRIORITY_PARTS

if TYPE_CHECKING:
    from interpreter.messages.declared import Kind

IdReuse = Literal["allow-duplicate", "allow-duplicate-failed-only", "reject-duplicate"]
IdConflict = Literal["fail", "use-existing", "terminate-existing"]
ID_REUSE: tuple[IdReuse, ...] = get_args(IdReuse)
ID_CONFLICT: tuple[IdConflict, ...] = get_args(IdConflict)


class InvalidOptions(ValueError):
    """Temporal does not accept these options together; nothing was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOptions:
    """`StartOptions` are Temporal's own options of a start, under Temporal's names.

    Options that Temporal does not accept together are refused before anything is sent: see `check`.
    """

    start_delay: timedelta | None = None
    """How long the first step is delayed. An update that comes meanwhile ends the delay, a signal does not."""
    cron: str | None = None
    """A cron expression, by which the run starts again and again; a schedule can do more."""
    id_reuse: IdReuse = "allow-duplicate"
    """Whether the id of a run that has ended may be used again."""
    id_conflict: IdConflict | None = None
    """What to do if a run with this id is running; None is `fail`, or `use-existing` if a message is sent, too."""

    priority_key: int | None = None
    """Tasks with a smaller number are handed out first. None is what the `priority` of the definition says."""
    fairness_key: str | None = None
    """Tasks of the same number share the workers by this text. None is what the `priority` of the definition says."""
    fairness_weight: float | None = None
    """The share of this fairness key. None is what the `priority` of the definition says."""

    def check(self, message: Kind | None = None) -> None:
        """Check that Temporal accepts the options together.

        Args:
            message: The kind of the message that is sent with the start, if there is one.

        Raises:
            InvalidOptions: Temporal does not accept them.
        """
        self._check_priority()
        if self.cron == "":
            raise InvalidOptions("the cron expression is empty")
        if self.cron and self.start_delay is not None:
            raise InvalidOptions("a start can't have both a start delay and a cron expression")
        if message == "update" and (self.cron or self.start_delay is not None):
            what = "a cron expression" if self.cron else "a start delay"
            raise InvalidOptions(
                f"an update can't be sent with a start that has {what}; send a signal instead"
            )
        if message == "signal" and self.id_conflict == "fail":
            raise InvalidOptions(
                "the id conflict policy fail can't be used with a signal, which goes to the run that is running"
            )
        if self.id_conflict == "terminate-existing" and self.id_reuse == "reject-duplicate":
            raise InvalidOptions(
                "terminate-existing uses the id again, which reject-duplicate does not allow"
            )

    def _check_priority(self) -> None:
        said = (self.priority_key, self.fairness_key, self.fairness_weight)
        for (name, part), value in zip(PRIORITY_PARTS.items(), said, strict=True):
            if value is not None and not part.fits(value):
                option = "priority key" if name == "key" else name.replace("_", " ")
                raise InvalidOptions(f"the {option} is not {part.expected}: {value}")
        # A definition may compute such a key: runs that have done so must go on.
        if self.fairness_key is not None and any(category(each) == "Cc" for each in self.fairness_key):
            raise InvalidOptions(
                f'the fairness key has a control character: "{make_printable(self.fairness_key)}"'
            )
