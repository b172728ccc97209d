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
class Tell:
    """A report of a worker. It may arrive twice, but a worker sends the next one only when this one was taken."""

    stamped: Stamped
    worker: str
    number: int
    """The first report of a worker has number 1."""
    report: Report

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {
            "stamped": self.stamped.to_json(),
            "worker": self.worker,
            "number": self.number,
            "report": self.report.to_json(),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Tell:
        """Read it back."""
        stamped, report = Stamped.from_json(data["stamped"]), Report.from_json(data["report"])
        return Tell(stamped, data["worker"], data["number"], report)


@dataclass(frozen=True, slots=True)
class Ask:
    """A call that asks for leave."""

    stamped: Stamped
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
            "stamped": self.stamped.to_json(),
            "key": self.key,
            "permit": self.permit,
            "lease": self.lease.total_seconds(),
            "waiter": self.waiter.to_json() if self.waiter is not None else None,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Ask:
        """Read it back."""
        stamped, lease = Stamped.from_json(data["stamped"]), timedelta(seconds=data["lease"])
        waiter = Waiter(*data["waiter"]) if data["waiter"] is not None else None
        return Ask(stamped, data["key"], data["permit"], lease, waiter)


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of a call that has asked."""

    generation: int | None
    """That of the permit; None if there is no permit."""
    probe: bool = False
    """The permit is one for a probe: its call must report."""
    retry_after: timedelta | None = None
    """When it makes sense to ask again, if there is no permit."""

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        after = self.retry_after
        return {
            "generation": self.generation,
            "probe": self.probe,
            "retry_after": after.total_seconds() if after is not None else None,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Answer:
        """Read it back."""
        seconds = data["retry_after"]
        after = timedelta(seconds=seconds) if seconds is not None else None
        return Answer(data["generation"], data["probe"], after)


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
