"""Sliding windows: which calls the rates of a circuit breaker are taken over."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from dsl.model import CircuitBreaker, SlidingWindow

DEFAULT_CALLS = 100
DEFAULT_TIME = timedelta(seconds=100)
"""resilience4j's sizes."""

SLICES = 10
"""A window of time moves in steps of a tenth: its state stays small, however many calls there are."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Counts:
    """The calls in a window."""

    calls: int = 0
    failed: int = 0
    slow: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.calls + other.calls, self.failed + other.failed, self.slow + other.slow)


class Window(Protocol):
    """The last calls, and what is forgotten of them in time."""

    @property
    def capacity(self) -> int | None:
        """How many calls it can hold; None: any number."""
        ...

    def add(self, failed: bool, slow: bool, now: datetime) -> None:
        """Note a call that has ended now; time never runs backwards."""
        ...

    def counts(self, now: datetime) -> Counts:
        """What is in it."""
        ...

    def export_state(self) -> Any:
        """Its content as JSON."""
        ...

    def restore(self, exported: Any) -> None:
        """Take over the content of another window."""
        ...


def create_window(settings: CircuitBreaker) -> Window:
    """An empty window, as the breaker wants it."""
    window = settings.sliding_window or SlidingWindow()
    if window.type == "time":
        return TimeWindow(window.size if isinstance(window.size, timedelta) else DEFAULT_TIME)
    return CountWindow(window.size if isinstance(window.size, int) else DEFAULT_CALLS)


_LETTERS = {(False, False): ".", (True, False): "f", (False, True): "s", (True, True): "x"}
_CALLS = {letter: Counts(1, *marks) for marks, letter in _LETTERS.items()}


@dataclass(slots=True)
class CountWindow:
    """The last so many calls: one letter each."""

    capacity: int
    _last: deque[str] = field(default_factory=deque)
    _counts: Counts = Counts()

    def add(self, failed: bool, slow: bool, now: datetime) -> None:
        self._append(_LETTERS[failed, slow])

    def counts(self, now: datetime) -> Counts:
        return self._counts

    def export_state(self) -> str:
        return "".join(self._last)

    def restore(self, exported: Any) -> None:
        for letter in exported:
            self._append(letter)

    def _append(self, letter: str) -> None:
        if len(self._last) == self.capacity:
            gone = _CALLS[self._last.popleft()]
            self._counts += Counts(-gone.calls, -gone.failed, -gone.slow)
        self._last.append(letter)
        self._counts += _CALLS[letter]


@dataclass(slots=True)
class TimeWindow:
    """The calls of the last so much time, in slices that are forgotten as a whole."""

    size: timedelta
    _slices: dict[int, Counts] = field(default_factory=dict)
    """Number of the slice since 1970 → its calls."""

    capacity = None

    def add(self, failed: bool, slow: bool, now: datetime) -> None:
        self._forget(now)
        number = self._number(now)
        self._slices[number] = self._slices.get(number, Counts()) + _CALLS[_LETTERS[failed, slow]]

    def counts(self, now: datetime) -> Counts:
        self._forget(now)
        return sum(self._slices.values(), Counts())

    def export_state(self) -> list[list[int]]:
        return [[number, c.calls, c.failed, c.slow] for number, c in self._slices.items()]

    def restore(self, exported: Any) -> None:
        self._slices = {number: Counts(*counts) for number, *counts in exported}

    def _number(self, now: datetime) -> int:
        return SLICES * (now - EPOCH) // self.size

    def _forget(self, now: datetime) -> None:
        oldest = self._number(now) - SLICES
        self._slices = {number: counts for number, counts in self._slices.items() if number > oldest}
