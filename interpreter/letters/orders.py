"""Orders of people to letters, and what has become of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from dsl.scalars.time import format_time


class Command(Enum):
    """What people can order."""

    REDRIVE = "redrive"
    """Try again what has failed."""
    RESOLVE = "resolve"
    """Take it for done: it was repaired by other means, or the run itself has done it since."""
    PURGE = "purge"
    """Throw it away: it need not be done any more."""


class RedriveMode(Enum):
    """What a redrive runs."""

    STEP = "step"
    """The step that has failed, alone."""
    RUN = "run"
    """The whole definition, because what the run had done before was undone."""


@dataclass(frozen=True, slots=True)
class RedriveStart:
    """All that is needed to start the run of a redrive."""

    mode: RedriveMode
    workflow_type: str
    task_queue: str
    arguments: tuple[Any, ...]
    """The input and the request, see docs/reference/wire-format.md."""
    memo: Mapping[str, Any]
    workflow_id: str | None = None
    """None: an id of its own, which whoever starts it makes. A whole run has the id of the run that has failed."""
    timeouts: Mapping[str, timedelta] = field(default_factory=dict[str, timedelta])
    """The timeouts of a whole run: `execution`, `run` and `task`, each if there is one."""

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {
            "mode": self.mode.value,
            "workflow_type": self.workflow_type,
            "task_queue": self.task_queue,
            "arguments": list(self.arguments),
            "memo": dict(self.memo),
            "workflow_id": self.workflow_id,
            "timeouts": {name: value.total_seconds() for name, value in self.timeouts.items()},
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> RedriveStart:
        """Read it back."""
        return RedriveStart(
            RedriveMode(data["mode"]),
            data["workflow_type"],
            data["task_queue"],
            tuple(data["arguments"]),
            data["memo"],
            data["workflow_id"],
            {name: timedelta(seconds=value) for name, value in data.get("timeouts", {}).items()},
        )


@dataclass(frozen=True, slots=True)
class Order:
    """An order to one letter: by whom, and why."""

    id: str
    """Unique, so that an order that arrives twice is carried out once."""
    command: Command
    by: str
    """The identity of the client."""
    reason: str = ""
    start: RedriveStart | None = None
    """What a redrive starts; None for other commands."""
    revision: int | None = None
    """The revision of the letter that a redrive was planned for. The letter refuses a plan that is out of date."""
    despite_poison: bool = False
    """Whether a person wants a redrive although the letter is poison."""
    changes: tuple[str, ...] = ()
    """What a redrive has changed of what has failed, in words without values: they may be secret."""
    is_fact: bool = False
    """Whether a run tells that it has done what had failed. That holds also while somebody redrives the letter."""

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {
            "id": self.id,
            "command": self.command.value,
            "by": self.by,
            "reason": self.reason,
            "start": None if self.start is None else self.start.to_json(),
            "revision": self.revision,
            "despite_poison": self.despite_poison,
            "changes": list(self.changes),
            "is_fact": self.is_fact,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Order:
        """Read it back."""
        start = data["start"]
        return Order(
            data["id"],
            Command(data["command"]),
            data["by"],
            data["reason"],
            None if start is None else RedriveStart.from_json(start),
            data["revision"],
            data["despite_poison"],
            tuple(data["changes"]),
            data.get("is_fact", False),
        )


class Result(Enum):
    """What has become of an order."""

    ACCEPTED = "accepted"
    """A redrive has begun. Its end is told later, under the same id."""
    DONE = "done"
    """The letter has ended."""
    FAILED = "failed"
    """The redrive has failed, or the effect has failed meanwhile in another run. The letter is kept."""
    REFUSED = "refused"
    """Nothing was done."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has become of one order."""

    order: str
    """The id of the order."""
    command: Command
    by: str
    reason: str
    result: Result
    at: datetime
    """When the result was known."""
    message: str = ""
    """Why it was refused, or how the redrive has failed."""
    changes: tuple[str, ...] = ()
    """What the redrive has changed of what has failed."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more will be told of the order."""
        return self.result is not Result.ACCEPTED

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {
            "order": self.order,
            "command": self.command.value,
            "by": self.by,
            "reason": self.reason,
            "result": self.result.value,
            "at": format_time(self.at),
            "message": self.message,
            "changes": list(self.changes),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Outcome:
        """Read it back."""
        return Outcome(
            data["order"],
            Command(data["command"]),
            data["by"],
            data["reason"],
            Result(data["result"]),
            datetime.fromisoformat(data["at"]),
            data["message"],
            tuple(data["changes"]),
        )
