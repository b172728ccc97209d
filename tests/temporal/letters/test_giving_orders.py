"""Orders to letters keep to the time that somebody wants to wait, also in a place that does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from interpreter.letters.orders import Command, Order, Outcome
from interpreter.letters.summary import LetterSummary
from interpreter.temporal.client.letters.give import build_order, give_orders
from interpreter.temporal.client.letters.store import Letter, LetterFilter


class SilentPlace:
    """A place that takes orders, and never answers what has become of them."""

    def __init__(self) -> None:
        self.looks = 0

    async def list_letters(self, wanted: LetterFilter) -> AsyncIterator[LetterSummary]:
        """List nothing."""
        for letter in list[LetterSummary]():
            yield letter

    async def read_letter(self, letter_id: str) -> Letter:
        """Nobody asks for it."""
        raise AssertionError(letter_id)

    async def give_order(self, letter_id: str, order: Order) -> None:
        """Take it."""

    async def find_outcome(self, letter_id: str, order_id: str) -> Outcome | None:
        """Never answer."""
        self.looks += 1
        await asyncio.Event().wait()
        return None


async def test_the_time_to_wait_holds() -> None:
    place, loop = SilentPlace(), asyncio.get_running_loop()

    async def build() -> AsyncIterator[tuple[str, Order]]:
        for letter_id in ("a", "b", "c"):
            yield letter_id, build_order(Command.RESOLVE, "ann@desk", "")

    began = loop.time()
    async with asyncio.timeout(20):
        given = [each async for each in give_orders(place, build(), rate=1000, wait=timedelta(seconds=0.2))]
    assert [(each.letter_id, each.outcome, each.problem) for each in given] == [
        (letter_id, None, None) for letter_id in ("a", "b", "c")
    ]
    assert place.looks == 1, "nobody waits once for each letter"
    assert loop.time() - began < 10
