"""Give orders to many letters: a bounded number a second, and wait for what becomes of them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from interpreter.letters.orders import Command, Order, Outcome, Result
from interpreter.letters.status import LetterStatus
from interpreter.temporal.client.letters.plan import RedrivePlan
from interpreter.temporal.client.letters.problem import LetterProblem
from interpreter.temporal.client.letters.store import LetterStore
from interpreter.temporal.client.pace import Pace

LOOK_EVERY = 0.3
"""Seconds between two looks for the outcomes of orders."""

SHORTEST_LOOK = 1.0
"""Seconds that a look at an order may take, also if the time to wait is over: each order is looked at once."""


@dataclass(frozen=True, slots=True)
class Given:
    """What has become of one order."""

    letter_id: str
    order: Order
    outcome: Outcome | None = None
    """None: nobody has carried it out yet."""
    problem: str | None = None
    """Why the order could not be given, or its outcome can't be told."""

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will be told of it."""
        return self.problem is not None or (self.outcome is not None and self.outcome.is_final)

    @property
    def is_done(self) -> bool:
        """Whether the letter has ended as it was ordered to."""
        return self.problem is None and self.outcome is not None and self.outcome.result is Result.DONE


class OrderWatcher(Protocol):
    """Is told what happens before anything is known of the outcomes."""

    def begin(self, letter_id: str) -> None:
        """Hear that an order is on its way to a letter."""
        ...

    def order(self, given: Given) -> None:
        """Hear that an order was given: it is kept from now on."""
        ...


def build_order(command: Command, by: str, reason: str, plan: RedrivePlan | None = None) -> Order:
    """Build an order.

    Args:
        command: What to do.
        by: The identity of the client.
        reason: Why.
        plan: What a redrive starts.
    """
    order_id = uuid.uuid4().hex
    if plan is None:
        return Order(order_id, command, by, reason)
    assert plan.start is not None, "a plan that is refused is no order"
    return Order(
        order_id,
        command,
        by,
        reason,
        start=plan.start,
        revision=plan.letter.summary.revision,
        despite_poison=plan.letter.summary.status is LetterStatus.POISON,
        changes=plan.changes,
    )


async def give_orders(
    store: LetterStore,
    orders: AsyncIterator[tuple[str, Order]],
    *,
    rate: float,
    wait: timedelta,
    watcher: OrderWatcher | None = None,
) -> AsyncIterator[Given]:
    """Give orders, and tell of each what has become of it, once that is known.

    Args:
        store: Where the letters are.
        orders: The id of a letter, and the order to it. The next one is asked for once one was given.
        rate: How many orders a second are given.
        wait: How long to wait for outcomes after the last order, also if Temporal does not answer meanwhile.
        watcher: Is told of each order that is being given, and that was given.

    Yields:
        Each order once: when its outcome is final, or with what is known after `wait`.
    """
    waiting: list[Given] = []
    loop, pace = asyncio.get_running_loop(), Pace(rate)
    async for letter_id, order in orders:
        await pace.wait()
        if watcher is not None:
            watcher.begin(letter_id)
        try:
            await store.give_order(letter_id, order)
        except LetterProblem as problem:
            yield Given(letter_id, order, problem=problem.message)
        else:
            waiting.append(Given(letter_id, order))
            if watcher is not None:
                watcher.order(waiting[-1])
    end = loop.time() + wait.total_seconds()
    while waiting:
        waiting = await _look_at_all(store, waiting, end)
        for each in waiting:
            if each.is_settled:
                yield each
        waiting = [each for each in waiting if not each.is_settled]
        if loop.time() >= end:
            break
        await asyncio.sleep(LOOK_EVERY if waiting else 0)
    for each in waiting:
        yield each


async def _look_at_all(store: LetterStore, waiting: Sequence[Given], end: float) -> list[Given]:
    """Look what has become of orders; of all but the first ones nothing new is known if Temporal does not answer."""
    loop, looked = asyncio.get_running_loop(), list[Given]()
    for each in waiting:
        try:
            async with asyncio.timeout(max(end - loop.time(), SHORTEST_LOOK)):
                looked.append(await _look(store, each))
        except TimeoutError:
            break
    return [*looked, *waiting[len(looked) :]]


async def _look(store: LetterStore, given: Given) -> Given:
    try:
        outcome = await store.find_outcome(given.letter_id, given.order.id)
    except LetterProblem as problem:
        return Given(given.letter_id, given.order, given.outcome, problem.message)
    return Given(given.letter_id, given.order, outcome)
