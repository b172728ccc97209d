"""Dead letters for programs: list them, and give orders to one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from temporalio.client import Client

from interpreter.letters.orders import Command, Order
from interpreter.letters.summary import LetterSummary
from interpreter.state.patches import Patch
from interpreter.temporal.client.letters.found import find_letters
from interpreter.temporal.client.letters.give import Given, build_order, give_orders
from interpreter.temporal.client.letters.plan import RedriveChanges, plan_redrive
from interpreter.temporal.client.letters.problem import LetterProblem
from interpreter.temporal.client.letters.store import Letter, LetterFilter, LetterStore
from interpreter.temporal.client.letters.stores import open_letters

if TYPE_CHECKING:
    from interpreter.temporal.letters_database.database import LettersDatabase

DEFAULT_WAIT = timedelta(seconds=30)
"""So long an order waits for its outcome."""


async def list_letters(
    client: Client, wanted: LetterFilter | None = None, *, letters_database: LettersDatabase | None = None
) -> list[LetterSummary]:
    """List dead letters, those that have failed first at the beginning. This needs no worker, and is a moment old.

    Args:
        client: A connection, as from `connect`.
        wanted: Which letters; without it, all that have not ended.
        letters_database: Where some of the queues keep their letters, if there is one.

    Raises:
        LetterProblem: some can't be decoded here, or the server or the database refuses.
    """
    store = open_letters(client, letters_database)
    found = (await find_letters(store, wanted or LetterFilter())).require_all()
    return sorted(found, key=lambda letter: letter.first_failed_at)


@dataclass(frozen=True, slots=True)
class LetterHandle:
    """Looks at one dead letter, and gives it orders. Who has ordered is the identity of the client."""

    client: Client
    id: str
    """As `list_letters` tells it."""
    letters_database: LettersDatabase | None = None
    """Where the letter may be, if it is not in Temporal."""

    async def read(self) -> Letter:
        """Read all of the letter; this needs no worker.

        Raises:
            LetterProblem: there is no such letter, or it can't be decoded here.
        """
        return await self._store.read_letter(self.id)

    async def redrive(
        self,
        reason: str = "",
        *,
        changes: Mapping[str, Any] | None = None,
        wait: timedelta = DEFAULT_WAIT,
    ) -> None:
        """Try again what has failed, and wait until it has succeeded.

        Args:
            reason: Why; it is kept.
            changes: Place → value, for what is to be otherwise: `{"item.amount": 5}`.
            wait: How long to wait for the outcome.

        Raises:
            LetterProblem: no redrive is possible, it has failed, or it has not ended in time.
        """
        patches = tuple(Patch.at(place, value) for place, value in (changes or {}).items())
        plan = await plan_redrive(self.client, await self.read(), RedriveChanges(patches=patches))
        if plan.start is None:
            raise LetterProblem(f"the letter {self.id} can't be redriven: {plan.why}")
        await self._give(build_order(Command.REDRIVE, self._identity, reason, plan), wait)

    async def resolve(self, reason: str = "", *, wait: timedelta = DEFAULT_WAIT) -> None:
        """Take the letter for done: it was repaired by other means.

        Args:
            reason: Why; it is kept.
            wait: How long to wait until a worker has carried it out.

        Raises:
            LetterProblem: it was refused, or no worker has carried it out in time. Then the order is kept.
        """
        await self._give(build_order(Command.RESOLVE, self._identity, reason), wait)

    async def purge(self, reason: str = "", *, wait: timedelta = DEFAULT_WAIT) -> None:
        """Throw the letter away; else as `resolve`."""
        await self._give(build_order(Command.PURGE, self._identity, reason), wait)

    @property
    def _store(self) -> LetterStore:
        return open_letters(self.client, self.letters_database)

    @property
    def _identity(self) -> str:
        return self.client.service_client.config.identity

    async def _give(self, order: Order, wait: timedelta) -> None:
        async def only_this() -> AsyncIterator[tuple[str, Order]]:
            yield self.id, order

        async for given in give_orders(self._store, only_this(), rate=1.0, wait=wait):
            if not given.is_done:
                raise LetterProblem(f"the letter {self.id} has not ended: {_explain(given)}")


def _explain(given: Given) -> str:
    if given.problem is not None:
        return given.problem
    if given.outcome is None:
        return "nobody has carried out the order yet; it is kept, and a worker will"
    return given.outcome.message or "the redrive has not ended yet"
