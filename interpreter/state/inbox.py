"""Messages that have come and that no step has taken yet, in the order in which they came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dsl.expressions import JsonValue
from interpreter.concurrency.wait_queue import WaitQueue


@dataclass(frozen=True, slots=True)
class Message:
    """A signal or an update: what is sent, and what a run has accepted."""

    name: str
    payload: JsonValue = None


@dataclass(slots=True, eq=False)
class Inbox:
    """Keeps the messages that a run has got, and that no step has taken yet."""

    messages: list[Message] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    """Name → how many signals were not taken: undeclared, or not as their schema wants them."""
    arrivals: WaitQueue = field(default_factory=WaitQueue)

    def put(self, message: Message) -> None:
        """Keep a message, and wake the steps that wait for one."""
        self.messages.append(message)
        self.arrivals.notify_all()

    def refuse(self, name: str) -> None:
        """Count a signal that is not taken."""
        self.refused[name] = self.refused.get(name, 0) + 1

    def find(self, names: tuple[str, ...], fits: Callable[[Message], bool]) -> Message | None:
        """The oldest message of any of these names that fits."""
        return next((each for each in self._named(names) if fits(each)), None)

    def take(self, message: Message) -> None:
        """Nobody else gets it."""
        self.messages = [each for each in self.messages if each is not message]

    def _named(self, names: tuple[str, ...]) -> Iterator[Message]:
        return (each for each in self.messages if each.name in names)
