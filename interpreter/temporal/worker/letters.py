"""This is the activity that keeps dead letters in a database, as a worker has it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from dsl.model.dead_letters import DATABASE_ACTIVITY
from interpreter.letters.transitions import open_letter
from interpreter.temporal.worker.heartbeats import send_heartbeats

if TYPE_CHECKING:
    from interpreter.temporal.letters_database.database import LettersDatabase


class LetterActivity:
    """A `LetterActivity` holds the activity that keeps letters in a database, if the worker has one."""

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
        if self._database is None:  # another worker may have one, and a letter must not be lost
            raise ApplicationError(
                f"this worker has no letters database for {DATABASE_ACTIVITY}; name one in pyproject.toml: "
                '[tool.stepfile] letters_database = "sqlite:///letters.db"',
                type="NoLettersDatabase",
            )
        _check_record(record)
        async with send_heartbeats():
            await self._database.write_failure(activity.info().namespace, record)


def _check_record(record: Any) -> None:
    """
    Raises:
        ApplicationError: a step has called the activity with something else.
    """
    try:
        open_letter("", record).summarize()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ApplicationError(
            f"{DATABASE_ACTIVITY} takes the record of a dead letter: name it in dead_letter_queues, not in a step "
            f"({type(error).__name__}: {error})",
            type="InvalidRecord",
            non_retryable=True,
        ) from None
