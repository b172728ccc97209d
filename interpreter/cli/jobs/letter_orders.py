"""Orders to dead letters: which letters are meant, what is shown and asked first, and what became of the orders."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from interpreter.cli.arguments.letter_options import LetterChoice, OrderOptions
from interpreter.cli.display.order_report import OrderReport
from interpreter.cli.display.output import print_notice
from interpreter.cli.display.wording import count
from interpreter.cli.jobs.left_out_letters import tell_left_out
from interpreter.cli.process.exit import ExitCode
from interpreter.cli.process.prompt import confirm
from interpreter.letters.orders import Command, Order
from interpreter.letters.status import LetterStatus
from interpreter.temporal.client.connection import Client
from interpreter.temporal.client.letters.found import find_letters
from interpreter.temporal.client.letters.give import give_orders
from interpreter.temporal.client.letters.misspelt import describe_no_letter
from interpreter.temporal.client.letters.store import KEPT, LetterStore
from interpreter.temporal.client.letters.waiting import explain_waiting

NOTHING = "nothing was ordered"

LONGEST_EXPLANATION = 5.0
"""Seconds that it may take to find out why nobody carries out an order."""


@dataclass(frozen=True, slots=True)
class ChosenLetters:
    """The letters that are meant."""

    ids: list[str]
    """Their ids: the letters that have failed first are at the beginning."""
    is_complete: bool = True
    """Whether none was left out."""


async def choose_letters(
    store: LetterStore, choice: LetterChoice, states: tuple[LetterStatus, ...]
) -> ChosenLetters:
    """Find the letters that are meant; what is left out, or is probably misspelt, is told.

    Args:
        store: Where the letters are.
        choice: What the user has said.
        states: The states of the letters that are meant, unless the user has said so.

    Raises:
        LetterProblem: the letters can't be read.
    """
    if choice.ids:
        return ChosenLetters(list(dict.fromkeys(choice.ids)))
    wanted = choice.wanted.in_states(*states) if choice.wanted.states == KEPT else choice.wanted
    found = await find_letters(store, wanted)
    if found.is_empty:
        print_notice(f"{await describe_no_letter(store, wanted)}; {NOTHING}")
    if tell_left_out(found) and not found.letters:
        print_notice(NOTHING)
    ids = [letter.id for letter in sorted(found.letters, key=lambda letter: letter.first_failed_at)]
    shown = ids[: choice.limit]
    if len(shown) < len(ids):
        print_notice(f"these are the first {len(shown)} of {len(ids)} letters; the others are left out")
    return ChosenLetters(shown, len(shown) == len(ids) and not found.undecodable)


@dataclass(frozen=True, slots=True)
class OrderRound:
    """An `OrderRound` shows what orders would do, asks if it has to, gives them, and waits for their outcomes."""

    client: Client
    store: LetterStore
    choice: LetterChoice
    options: OrderOptions
    command: Command
    preview: Callable[[OrderReport], Awaitable[None]]
    """Shows what would be done."""
    build: Callable[[OrderReport], AsyncIterator[tuple[str, Order]]]
    """Yields the orders; the next one is built when one was given."""

    async def run(self, chosen: ChosenLetters) -> ExitCode:
        """Do what was asked for with these letters.

        Raises:
            TemporalProblem: Temporal can't be used now.
        """
        if not chosen.ids:
            return ExitCode.FAILED
        options = self.options
        left_out = ExitCode.SUCCESS if chosen.is_complete else ExitCode.FAILED
        if options.dry_run or not (options.yes or self.choice.is_single):
            report = OrderReport(options, len(chosen.ids))
            await self._show(report)
            if options.dry_run or not report.ready:
                return report.end() or left_out
            question = f"{self.command.value} {count(report.ready, 'letter')}?"
            if not confirm(question, nothing=NOTHING):
                return ExitCode.FAILED
        return await self._give(OrderReport(options, len(chosen.ids))) or left_out

    async def _show(self, report: OrderReport) -> None:
        try:
            await self.preview(report)
        except asyncio.CancelledError:
            print_notice(f"interrupted: {NOTHING}")
            raise

    async def _give(self, report: OrderReport) -> ExitCode:
        options = self.options
        waiting: str | None = None
        orders = give_orders(
            self.store, self.build(report), rate=options.rate, wait=options.wait, watcher=report
        )
        try:
            async for given in orders:
                report.tell(given)
                waiting = waiting or (None if given.is_settled else given.letter_id)
            if waiting is not None:
                await self._explain(waiting)
        except asyncio.CancelledError:
            report.interrupt()
            raise
        return report.end()

    async def _explain(self, letter_id: str) -> None:
        try:
            async with asyncio.timeout(LONGEST_EXPLANATION):
                why = await explain_waiting(self.client, await self.store.read_letter(letter_id))
        except TimeoutError:
            return
        if why is not None:
            print_notice(why)
