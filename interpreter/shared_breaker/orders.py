"""Orders of people: open a breaker, close it, disable it, or let it begin anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from interpreter.shared_breaker.view import SharedState


class Command(Enum):
    """What people can order."""

    OPEN = "open"
    """No call goes through, however well the service is."""
    CLOSE = "close"
    """Go on as a breaker that is closed and has counted nothing."""
    DISABLE = "disable"
    """Every call goes through, and none is counted."""
    RESET = "reset"
    """As `CLOSE`, and what was noted of the past is forgotten."""


FORCED_STATES = {Command.OPEN: SharedState.FORCED_OPEN, Command.DISABLE: SharedState.DISABLED}


@dataclass(frozen=True, slots=True)
class Order:
    """An order: by whom, and why."""

    command: Command
    by: str
    """The identity of the client."""
    reason: str = ""
    until: datetime | None = None
    """When it ends by itself; None: only by another order."""

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        until = self.until.isoformat() if self.until else None
        return {"command": self.command.value, "by": self.by, "reason": self.reason, "until": until}

    @staticmethod
    def from_json(data: Mapping[str, Any], now: datetime | None = None) -> Order:
        """Read it back.

        Args:
            data: The order. A client does not say `until`, but `lasts`, in seconds: its clock may be wrong.
            now: The time, for an order of a client.
        """
        until, lasts = data.get("until"), data.get("lasts")
        end = datetime.fromisoformat(until) if until else None
        if now is not None and lasts is not None:
            end = now + timedelta(seconds=lasts)
        return Order(Command(data["command"]), data["by"], data["reason"], end)
