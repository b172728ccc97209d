"""The database of letters, as the event loop uses it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from interpreter.letters.orders import Order
from interpreter.letters.run_end import RunEnd
from interpreter.letters.summary import LetterSummary
from interpreter.temporal.letters_database.engine import (
    CONNECTIONS,
    Connection,
    SQLAlchemyError,
    create_engine,
)
from interpreter.temporal.letters_database.kept import KeptLetter, Wanted
from interpreter.temporal.letters_database.problem import LettersDatabaseProblem
from interpreter.temporal.letters_database.rows import (
    PAGE,
    end_run_of_letters,
    list_page,
    read_letter,
    save_letter,
    take_order_of_run,
    write_failure,
)
from interpreter.temporal.letters_database.schema import prepare_tables

T = TypeVar("T")

CHANGE_SECONDS = 60.0
"""So long a letter may be locked while somebody decides what becomes of it."""


class LettersDatabase:
    """A `LettersDatabase` keeps letters in SQLite or PostgreSQL.

    Transactions run in threads of its own, one for each connection, so the event loop goes on meanwhile.
    """

    def __init__(self, url: str, *, folder: str | Path = ".") -> None:
        """Prepare it; it connects, and makes its tables, when it is first used.

        Args:
            url: `sqlite:///letters.db`, or `postgresql://USER:PASSWORD@HOST/DATABASE`.
            folder: The folder that a relative path in the URL starts from.

        Raises:
            LettersDatabaseProblem: the URL names no database that can be used here.
        """
        self._engine = create_engine(url, Path(folder))
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="letters")
        self._preparing = Lock()
        self._is_prepared = False

    def __str__(self) -> str:
        """Name it without its password."""
        return self._engine.url.render_as_string(hide_password=True)

    async def write_failure(self, namespace: str, record: Mapping[str, Any]) -> str | None:
        """Keep a failure, once; the id of its letter, or None if it was written before.

        Raises:
            LettersDatabaseProblem: the database can't be used now.
        """
        return await self._run(partial(write_failure, namespace=namespace, record=record))

    async def end_run(self, namespace: str, queue: str, keys: Sequence[str], end: RunEnd) -> None:
        """Tell the letters of some effects that the run which has written them has ended.

        Raises:
            LettersDatabaseProblem: the database can't be used now.
        """
        await self._run(partial(end_run_of_letters, namespace=namespace, queue=queue, keys=keys, end=end))

    async def take_order(self, namespace: str, queue: str, keys: Sequence[str], order: Order) -> None:
        """Give the letters of some effects an order of a run.

        Raises:
            LettersDatabaseProblem: the database can't be used now.
        """
        await self._run(partial(take_order_of_run, namespace=namespace, queue=queue, keys=keys, order=order))

    async def read_letter(self, namespace: str, letter_id: str) -> KeptLetter | None:
        """Read a letter; None if there is no such letter.

        Raises:
            LettersDatabaseProblem: the database can't be used now.
        """
        return await self._run(partial(read_letter, namespace=namespace, letter_id=letter_id))

    async def list_letters(self, wanted: Wanted) -> AsyncIterator[LetterSummary]:
        """List letters in the order of their ids.

        Raises:
            LettersDatabaseProblem: the database can't be used now.
        """
        after, page = "", None
        while page is None or len(page) == PAGE:
            page = await self._run(partial(list_page, wanted=wanted, after=after))
            for letter in page:
                yield letter
                after = letter.id

    async def change_letter(
        self, namespace: str, letter_id: str, change: Callable[[KeptLetter], Coroutine[Any, Any, KeptLetter]]
    ) -> KeptLetter | None:
        """Lock a letter, let somebody decide what becomes of it, and keep that.

        Args:
            namespace: The namespace of the run that has failed.
            letter_id: The letter.
            change: Is called in this event loop, and returns what the letter is from now on. What it raises is passed
                on, and then nothing has changed.

        Returns:
            What the letter is now; None if there is no such letter.

        Raises:
            LettersDatabaseProblem: the database can't be used now. Nobody knows then whether the change was kept.
        """
        loop = asyncio.get_running_loop()

        def lock_and_change(connection: Connection) -> KeptLetter | None:
            kept = read_letter(connection, namespace, letter_id, lock=True)
            if kept is None:
                return None
            changed = _wait_for(change(kept), loop)
            if changed != kept:
                save_letter(connection, changed)
            return changed

        return await self._run(lock_and_change)

    def close(self) -> None:
        """Close the connections that nobody uses. It can be used again afterwards."""
        self._engine.dispose()

    async def _run(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._transact, work)

    def _transact(self, work: Callable[[Connection], T]) -> T:
        """Carry out one transaction."""
        try:
            self._prepare()
            with self._engine.connect() as connection:
                done = work(connection)
                connection.commit()
                return done
        except SQLAlchemyError as error:
            self._is_prepared = False  # it may be another database by now
            raise LettersDatabaseProblem(
                f"the letters database {self} can't be used: {_explain(error)}"
            ) from error

    def _prepare(self) -> None:
        with self._preparing:
            if not self._is_prepared:
                prepare_tables(self._engine)
                self._is_prepared = True


def _wait_for(work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> T:
    """Let an event loop, which is that of another thread, do some work, and wait for it."""
    future = asyncio.run_coroutine_threadsafe(work, loop)
    try:
        return future.result(CHANGE_SECONDS)
    except TimeoutError:
        future.cancel()
        raise LettersDatabaseProblem(f"nobody has decided within {CHANGE_SECONDS:g} s") from None


def _explain(error: SQLAlchemyError) -> str:
    """What the database has said. SQLAlchemy would add the statement."""
    return str(getattr(error, "orig", None) or error).strip()
