"""Say what a worker knows of the breakers of one name, and whether it may let a call through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from interpreter.state.breaker import Permit, Rejected


class SharedState(Enum):
    """The states of a shared breaker, by resilience4j's names."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    FORCED_OPEN = "forced_open"
    """Somebody has ordered that no call goes through."""
    DISABLED = "disabled"
    """Somebody has ordered that every call goes through, and that none is counted."""


@dataclass(frozen=True, slots=True)
class BreakerView:
    """One breaker, as far as workers have to know it."""

    state: SharedState
    generation: int
    open_until: datetime | None = None
    """No call goes through before; by the clock of the server."""
    troubled: bool = False
    """Whether successes are of interest."""
    cause: str | None = None
    """What has changed the state, for people; None: nothing has, as far as is known."""
    by: str | None = None
    """Who has ordered it; None if nobody has."""
    permits: tuple[str, ...] = ()
    """The ids of the permits for probes that are under way."""
    full_until: datetime | None = None
    """No other probe is permitted before, unless one of those ends earlier; None: one is."""

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        until = self.open_until
        return {
            "state": self.state.value,
            "generation": self.generation,
            "open_until": until.isoformat() if until else None,
            "troubled": self.troubled,
            "cause": self.cause,
            "by": self.by,
            "permits": self.permits,
            "full_until": self.full_until.isoformat() if self.full_until else None,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> BreakerView:
        """Read it back."""
        until, full = data["open_until"], data["full_until"]
        return BreakerView(
            SharedState(data["state"]),
            data["generation"],
            datetime.fromisoformat(until) if until else None,
            data["troubled"],
            data["cause"],
            data["by"],
            tuple(data["permits"]),
            datetime.fromisoformat(full) if full else None,
        )


@dataclass(frozen=True, slots=True)
class MustAsk:
    """Only the group can tell: it may have a permit for a probe."""


@dataclass(slots=True, eq=False)
class GroupView:
    """The view of one worker. It starts with nothing, and learns from what the group says."""

    base: int = 0
    """The generation of breakers that the group has not heard of, or has forgotten."""
    breakers: dict[str, BreakerView] = field(default_factory=dict)

    def of(self, key: str) -> BreakerView:
        """Look up a breaker. One of which nothing is known is closed."""
        return self.breakers.get(key) or BreakerView(SharedState.CLOSED, self.base)

    def check(self, key: str, now: datetime, known: int = 0) -> Permit | Rejected | MustAsk:
        """Whether a call may go through.

        Args:
            key: Of the breaker.
            now: By the clock of the server.
            known: A generation that the caller was told when it was woken. A view that is older must ask.
        """
        seen = self.of(key)
        if seen.generation < known:
            return MustAsk()
        match seen.state:
            case SharedState.CLOSED | SharedState.DISABLED:
                return Permit(seen.generation)
            case SharedState.FORCED_OPEN if seen.open_until is None:
                return Rejected(None)
            case SharedState.HALF_OPEN:
                if seen.full_until is None or now >= seen.full_until or known == seen.generation:
                    return MustAsk()  # one that knows the state was woken to ask
                return Rejected(seen.full_until - now)
            case _:
                if seen.open_until is not None and now < seen.open_until:
                    return Rejected(seen.open_until - now)
                return MustAsk()

    def learn_base(self, base: int) -> None:
        """Take over what the group says of breakers that it does not know."""
        self.base = max(self.base, base)

    def learn(self, key: str, told: BreakerView) -> bool:
        """Take over what the group says, unless it is older than what is known. Tell whether the state has changed.

        Two answers of the same generation may arrive in the wrong order. They differ only in whether successes are of
        interest, and the next one puts that right.
        """
        seen = self.of(key)
        if told.generation < seen.generation:
            return False
        self.breakers[key] = told
        return told.state is not seen.state

    def forget(self, key: str) -> None:
        """Forget a breaker, as the group has."""
        self.breakers.pop(key, None)

    def forget_all(self) -> dict[str, BreakerView]:
        """Forget all breakers, and return what was known of them: the next group begins with closed ones."""
        known, self.breakers = self.breakers, {}
        return known

    def is_current(self, key: str, generation: int) -> bool:
        """Whether the result of a call that began in this generation still counts."""
        return self.of(key).generation == generation
