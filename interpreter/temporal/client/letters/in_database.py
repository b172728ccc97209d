"""Letters in a database: no worker carries orders out, so commands do, and the database says who may.

An order is written down before anything else happens, in a transaction that locks the letter. So of two commands only
one begins a redrive. Its run is started under the same lock, and its id says for which redrive it is, so that it is
started once. Whoever looks at a letter next carries on what a command has left behind when it was killed: it starts
the run if that was not started, and takes note of its end if it has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Generator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from temporalio.client import Client

from interpreter.letters.letter import LetterState, Redrive
from interpreter.letters.orders import Order, Outcome
from interpreter.letters.status import LetterStatus
from interpreter.letters.summary import LetterSummary
from interpreter.letters.transitions import end_redrive, lose_redrive, refuse_redrive, take_order
from interpreter.temporal.client.letters.problem import LetterProblem
from interpreter.temporal.client.letters.redrive_runs import (
    RedriveLost,
    RedriveRefused,
    find_redrive_end,
    start_redrive_run,
)
from interpreter.temporal.client.letters.store import Letter, LetterFilter
from interpreter.temporal.client.run_problem import RunProblem
from interpreter.temporal.letters_database.kept import KeptLetter, Wanted
from interpreter.temporal.letters_database.problem import LettersDatabaseProblem

if TYPE_CHECKING:
    from interpreter.temporal.letters_database.database import LettersDatabase

Settle: TypeAlias = Callable[[LetterState, datetime], LetterState]
"""What becomes of a letter, at a time, when its redrive has ended."""

AT_ONCE = 20
"""So many redrives a list looks at at the same time."""


class DatabaseLetters:
    """The letters that a database keeps for one namespace: a `LetterStore`."""

    def __init__(self, client: Client, database: LettersDatabase) -> None:
        """
        Args:
            client: A client of the namespace whose runs have failed.
            database: Where their letters are.
        """
        self._client, self._database = client, database

    async def list_letters(self, wanted: LetterFilter) -> AsyncIterator[LetterSummary]:
        """List the letters that fit.

        Raises:
            LetterProblem: the database, or Temporal, can't be used now.
        """
        with _translate_errors():
            await self._look_at_redrives(wanted)
            async for letter in self._database.list_letters(self._translate(wanted, wanted.states)):
                yield letter

    async def read_letter(self, letter_id: str) -> Letter:
        """Read a letter.

        Raises:
            LetterProblem: there is no such letter, or the database or Temporal can't be used now.
        """
        with _translate_errors():
            state = (await self._look_again(letter_id)).state
        return Letter(state.summarize(), state.record, run_end=state.run_end)

    async def give_order(self, letter_id: str, order: Order) -> None:
        """Write an order down, and begin to carry it out.

        Raises:
            LetterProblem: there is no such letter, or it has ended; or the database or Temporal can't be used now. If
                the order was kept before that was known, whoever looks at the letter next carries it out.
        """

        async def take(kept: KeptLetter) -> KeptLetter:
            if kept.state.status.has_ended:
                raise LetterProblem(f"the letter {letter_id} is {kept.state.status.value} already")
            return replace(kept, state=take_order(kept.state, order, datetime.now(UTC)))

        with _translate_errors():
            await self._look_again(letter_id)  # a redrive may have ended that nobody has taken note of
            await self._carry_on(await self._change(letter_id, take))

    async def find_outcome(self, letter_id: str, order_id: str) -> Outcome | None:
        """What is known by now of an order.

        Raises:
            LetterProblem: there is no such letter, or the database or Temporal can't be used now.
        """
        with _translate_errors():
            return (await self._look_again(letter_id)).state.find_outcome(order_id)

    async def _look_at_redrives(self, wanted: LetterFilter) -> None:
        """Carry on the redrives of letters; one that can't be carried on now stays as it is."""

        async def look(letter_id: str) -> None:
            with suppress(RunProblem):
                await self._look_again(letter_id)

        found = self._database.list_letters(self._translate(wanted, (LetterStatus.REDRIVING,)))
        ids = [letter.id async for letter in found]
        for begin in range(0, len(ids), AT_ONCE):
            await asyncio.gather(*map(look, ids[begin : begin + AT_ONCE]))

    async def _look_again(self, letter_id: str) -> KeptLetter:
        """Read a letter, after what has to be done for it now."""
        kept = await self._database.read_letter(self._client.namespace, letter_id)
        return await self._carry_on(_require(letter_id, kept))

    async def _carry_on(self, kept: KeptLetter) -> KeptLetter:
        """Start the run of a redrive if nobody has, or take note of its end if it has ended."""
        redrive = kept.state.redrive
        if redrive is None:
            return kept
        if kept.redrive_run is None:
            return await self._change(kept.state.id, self._start)
        settle = await self._find_end(redrive, kept.redrive_run)
        if settle is None:
            return kept

        async def take_note(now_kept: KeptLetter) -> KeptLetter:
            under_way = now_kept.state.redrive
            if under_way is None or under_way.order != redrive.order:
                return now_kept  # somebody else was faster
            return replace(now_kept, state=settle(now_kept.state, datetime.now(UTC)))

        return await self._change(kept.state.id, take_note)

    async def _find_end(self, redrive: Redrive, run_id: str) -> Settle | None:
        """Look what the end of a redrive makes of its letter; None while it goes on."""
        try:
            end = await find_redrive_end(self._client, redrive, run_id)
        except RedriveLost as lost:
            why = str(lost)
            return lambda state, now: lose_redrive(state, why, now)
        return None if end is None else lambda state, now: end_redrive(state, end, now)

    async def _start(self, kept: KeptLetter) -> KeptLetter:
        """Start the run of a redrive that nobody is known to have started."""
        redrive = kept.state.redrive
        if redrive is None or kept.redrive_run is not None:
            return kept  # somebody else was faster
        try:
            run_id = await start_redrive_run(self._client, redrive, kept.state.record["run_id"])
        except RedriveRefused as refused:
            return replace(kept, state=refuse_redrive(kept.state, str(refused), datetime.now(UTC)))
        return replace(kept, redrive_run=run_id)

    async def _change(
        self, letter_id: str, change: Callable[[KeptLetter], Coroutine[Any, Any, KeptLetter]]
    ) -> KeptLetter:
        return _require(
            letter_id, await self._database.change_letter(self._client.namespace, letter_id, change)
        )

    def _translate(self, wanted: LetterFilter, statuses: Collection[LetterStatus]) -> Wanted:
        """Say it in columns."""
        names = ("queue", "definition", "step", "error_type")
        equal = {name: value for name in names if (value := getattr(wanted, name)) is not None}
        return Wanted(namespace=self._client.namespace, statuses=statuses, equal=equal, since=wanted.since)


def _require(letter_id: str, kept: KeptLetter | None) -> KeptLetter:
    """
    Raises:
        LetterProblem: there is no such letter.
    """
    if kept is None:
        raise LetterProblem(
            f"there is no letter {letter_id} in the letters database", "`stepfile dlq list` shows the letters"
        )
    return kept


@contextmanager
def _translate_errors() -> Generator[None]:
    """
    Raises:
        LetterProblem: the database, or Temporal, can't be used now.
    """
    try:
        yield
    except (LettersDatabaseProblem, RunProblem) as problem:
        raise LetterProblem(problem.message, problem.hint) from problem
