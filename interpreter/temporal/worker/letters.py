"""These are the activities that keep dead letters in a database, as a worker has them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from dsl.model.dead_letters import DATABASE_ACTIVITY, DATABASE_TELL_ACTIVITY
from interpreter.letters.orders import Order
from interpreter.letters.run_end import RunEnd
from interpreter.letters.transitions import open_letter
from interpreter.temporal.worker.heartbeats import send_heartbeats

if TYPE_CHECKING:
    from interpreter.temporal.letters_database.database import LettersDatabase


class LetterActivities:
    """`LetterActivities` keep letters in a database, if the worker has one."""

    def __init__(self, database: LettersDatabase | None) -> None:
        self._database = database

    @asynccontextmanager
    async def hold_connections(self) -> AsyncGenerator[None]:
        """Close connections to the database at the end of the block. Another worker that uses it connects again."""
        try:
            yield
        finally:
            if self._database is not None:
                self._database.close()

    @activity.defn(name=DATABASE_ACTIVITY)
    async def write_letter(self, record: Any) -> None:
        """Keep the record of a dead letter.

        Args:
            record: What a run has written.

        Raises:
            ApplicationError: it is no record.
            LettersDatabaseProblem: the database can't be used now.
        """
        database = self._require_database()
        _check_record(record)
        async with send_heartbeats():
            await database.write_failure(activity.info().namespace, record)

    @activity.defn(name=DATABASE_TELL_ACTIVITY)
    async def tell_letters(self, message: dict[str, Any]) -> None:
        """Tell letters what has become of their effects: the run has undone something, or has done what had failed.

        Args:
            message: The `queue` and the `keys` of the letters, and either the `run_end` or an `order`.

        Raises:
            LettersDatabaseProblem: the database can't be used now.
        """
        database = self._require_database()
        which = (activity.info().namespace, message["queue"], message["keys"])
        async with send_heartbeats():
            if "order" in message:
                await database.take_order(*which, Order.from_json(message["order"]))
            else:
                await database.end_run(*which, RunEnd.from_json(message["run_end"]))

    def _require_database(self) -> LettersDatabase:
        if self._database is None:  # another worker may have one, and a letter must not be lost
            raise ApplicationError(
                f"this worker has no letters database for {activity.info().activity_type}; name one in "
                'pyproject.toml: [tool.stepfile] letters_database = "sqlite:///letters.db"',
                type="NoLettersDatabase",
            )
        return self._database


def _check_record(record: Any) -> None:
    """
    Raises:
        ApplicationError: it can't be read. A record of another release must not be lost: a newer worker may read it.
            What a step has called the activity with is none.
    """
    try:
        open_letter("", record).summarize()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ApplicationError(
            f"{DATABASE_ACTIVITY} takes the record of a dead letter: name it in dead_letter_queues, not in a step "
            f"({type(error).__name__}: {error})",
            type="InvalidRecord",
            non_retryable=not (isinstance(record, dict) and "format" in record),
        ) from None
