"""The letters of all places of a namespace, as if they were in one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from temporalio.client import Client

from interpreter.letters.orders import Order, Outcome
from interpreter.letters.summary import LetterSummary
from interpreter.temporal.client.letters.in_database import DatabaseLetters
from interpreter.temporal.client.letters.in_temporal import TemporalLetters
from interpreter.temporal.client.letters.store import Letter, LetterFilter, LetterStore, UndecodableLetter
from interpreter.temporal.wire.letters import ID_PREFIX

if TYPE_CHECKING:
    from interpreter.temporal.letters_database.database import LettersDatabase


def open_letters(client: Client, database: LettersDatabase | None = None) -> LetterStore:
    """Open all places where letters of a namespace are.

    Args:
        client: A client of the namespace.
        database: Where queues with `stepfile.write_letter_to_database` keep theirs, if there are any.
    """
    in_temporal = TemporalLetters(client)
    return in_temporal if database is None else AllLetters(in_temporal, DatabaseLetters(client, database))


class AllLetters:
    """The letters that Temporal keeps, and those in a database: a `LetterStore`."""

    def __init__(self, in_temporal: LetterStore, in_database: LetterStore) -> None:
        self._in_temporal, self._in_database = in_temporal, in_database

    async def list_letters(self, wanted: LetterFilter) -> AsyncIterator[LetterSummary | UndecodableLetter]:
        """List the letters that fit or may fit, in both places."""
        for store in (self._in_temporal, self._in_database):
            async for letter in store.list_letters(wanted):
                yield letter

    async def read_letter(self, letter_id: str) -> Letter:
        """Read a letter, wherever it is."""
        return await self._find_store(letter_id).read_letter(letter_id)

    async def give_order(self, letter_id: str, order: Order) -> None:
        """Hand an order over to the place of the letter."""
        await self._find_store(letter_id).give_order(letter_id, order)

    async def find_outcome(self, letter_id: str, order_id: str) -> Outcome | None:
        """What is known by now of an order."""
        return await self._find_store(letter_id).find_outcome(letter_id, order_id)

    def _find_store(self, letter_id: str) -> LetterStore:
        """The id of a letter tells its place."""
        return self._in_temporal if letter_id.startswith(ID_PREFIX) else self._in_database
