"""Settings and times for tests of shared breakers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from dsl.model import CircuitBreaker, Definition
from interpreter.shared_breaker.group import BreakerGroup
from interpreter.shared_breaker.messages import Answer, Ask, Stamped, Tell, Wait
from interpreter.shared_breaker.report import CallResult, Entry, Report
from interpreter.shared_breaker.view import GroupView
from interpreter.shared_breaker.waiters import Waiter
from interpreter.state.breaker import Rejected

START = datetime(2026, 1, 1, tzinfo=UTC)
LETTERS = {
    ".": CallResult.SUCCESS,
    "s": CallResult.SLOW_SUCCESS,
    "f": CallResult.FAILURE,
    "x": CallResult.SLOW_FAILURE,
    "-": CallResult.NOTHING,
}
LEASE = timedelta(seconds=5)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def settings(**said: Any) -> CircuitBreaker:
    said = {"failure_threshold": 3, "wait_duration_in_open_state": "10s", **said}
    definition = Definition.model_validate(
        {"dsl": "1", "name": "x", "circuit_breakers": {"b": said}, "steps": ({"wait": "1s"},)}
    )
    return definition.circuit_breakers["b"]


def stamped(since: float = 0, **said: Any) -> Stamped:
    return Stamped(settings(**said), at(since))


class Desk:
    """One group, and what workers say to it, in short."""

    def __init__(self, **said: Any) -> None:
        self.stamped = stamped(**said)
        self.group = BreakerGroup(self.stamped, base=100)
        self.numbers: dict[str, int] = {}

    def build_tell(self, worker: str, calls: str, generation: int | None, key: str = "") -> Tell:
        report = Report()
        number = self.numbers[worker] = self.numbers.get(worker, 0) + 1
        for letter in calls:
            at_generation = self.generation(key) if generation is None else generation
            report.add(key, Entry(at_generation, LETTERS[letter]))
        return Tell(self.stamped, worker, number, report)

    def tell(
        self,
        calls: str,
        seconds: float = 0,
        *,
        worker: str = "w",
        generation: int | None = None,
        key: str = "",
    ) -> str:
        """Report calls; the state after it."""
        self.group.tell(self.build_tell(worker, calls, generation, key), at(seconds))
        return self.state(seconds, key)

    def probe_ended(self, permit: str, letter: str, seconds: float, worker: str = "w") -> str:
        number = self.numbers[worker] = self.numbers.get(worker, 0) + 1
        report = Report()
        report.add("", Entry(self.generation(), LETTERS[letter], permit=permit))
        self.group.tell(Tell(self.stamped, worker, number, report), at(seconds))
        return self.state(seconds)

    def ask(self, permit: str, seconds: float, waiter: Waiter | None = None, key: str = "") -> Answer:
        self.group.configure(self.stamped)
        return self.group.ask(Ask(key, permit, LEASE, waiter), at(seconds))

    def let_wait(self, waiter: Waiter, seconds: float, key: str = "") -> None:
        self.group.let_wait(Wait(self.stamped, ((key, waiter),)), at(seconds))

    def would_reject(self, seconds: float) -> bool:
        """Whether a worker that knows all does not even ask."""
        view = GroupView(self.group.base, self.group.look(at(seconds)))
        return isinstance(view.check("", at(seconds)), Rejected)

    def generation(self, key: str = "") -> int:
        one = self.group.breakers.get(key)
        return one.breaker.generation if one is not None else self.group.base

    def state(self, seconds: float, key: str = "") -> str:
        return self.group.look(at(seconds))[key].state.value
