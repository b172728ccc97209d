"""What workers and the group say to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dsl.model import CircuitBreaker
from interpreter.program.model_json import encode_model
from interpreter.shared_breaker.report import Report
from interpreter.shared_breaker.waiters import Waiter


@dataclass(frozen=True, slots=True)
class Stamped:
    """Settings, and from when they are: the start of the run whose definition says so. The latest ones hold."""

    settings: CircuitBreaker
    since: datetime

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {"settings": encode_model(self.settings), "since": self.since.isoformat()}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Stamped:
        """Read it back."""
        return Stamped(CircuitBreaker.model_validate(data["settings"]), datetime.fromisoformat(data["since"]))


@dataclass(frozen=True, slots=True)
class Ask:
    """A call that asks for leave."""

    key: str
    permit: str
    """The id of the permit, if there is one."""
    lease: timedelta
    """How long the call takes at most."""
    waiter: Waiter | None = None
    """The step, if it waits when it is rejected: with a permit it waits no more."""

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {
            "key": self.key,
            "permit": self.permit,
            "lease": self.lease.total_seconds(),
            "waiter": self.waiter.to_json() if self.waiter is not None else None,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Ask:
        """Read it back."""
        waiter = Waiter(*data["waiter"]) if data["waiter"] is not None else None
        return Ask(data["key"], data["permit"], timedelta(seconds=data["lease"]), waiter)


@dataclass(frozen=True, slots=True)
class Tell:
    """A message of a worker: a report, and calls that ask for leave. It may arrive twice, but a worker sends the next
    one only when this one was taken."""

    stamped: Stamped
    worker: str
    number: int
    """The first message of a worker has number 1."""
    report: Report
    asks: tuple[Ask, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {
            "stamped": self.stamped.to_json(),
            "worker": self.worker,
            "number": self.number,
            "report": self.report.to_json(),
            "asks": [each.to_json() for each in self.asks],
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Tell:
        """Read it back."""
        stamped, report = Stamped.from_json(data["stamped"]), Report.from_json(data["report"])
        asks = tuple(map(Ask.from_json, data["asks"]))
        return Tell(stamped, data["worker"], data["number"], report, asks)


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of a call that has asked."""

    generation: int | None
    """That of the permit; None if there is no permit."""
    probe: bool = False
    """The permit is one for a probe: its call must report."""
    retry_after: timedelta | None = None
    """When it makes sense to ask again, if there is no permit."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Steps that were rejected, and want to be woken."""

    stamped: Stamped
    waiters: tuple[tuple[str, Waiter], ...]
    """The key of the breaker, and the step."""

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {
            "stamped": self.stamped.to_json(),
            "waiters": [[key, *waiter.to_json()] for key, waiter in self.waiters],
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Wait:
        """Read it back."""
        waiters = tuple((key, Waiter(*waiter)) for key, *waiter in data["waiters"])
        return Wait(Stamped.from_json(data["stamped"]), waiters)
