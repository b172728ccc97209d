"""Tables are made at the first use, once, and those of a newer release are left alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import inspect, text, update

from interpreter.temporal.letters_database.engine import create_engine
from interpreter.temporal.letters_database.tables import SCHEMA
from stepfile.sql import LettersDatabase, LettersDatabaseProblem
from tests.temporal.letters_database.records import record_of


async def test_many_workers_begin_at_once(url: str) -> None:
    databases = [LettersDatabase(url) for _ in range(8)]
    await asyncio.gather(
        *(each.write_failure("default", record_of(number)) for number, each in enumerate(databases))
    )
    engine = create_engine(url, Path())
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version FROM stepfile_letters_schema")).all() == [(1,)]
        assert connection.scalar(text("SELECT count(*) FROM stepfile_letters")) == 8
    engine.dispose()
    for each in databases:
        each.close()


async def test_tables_of_a_newer_release_are_left_alone(database: LettersDatabase, url: str) -> None:
    await database.write_failure("default", record_of())
    engine = create_engine(url, Path())
    with engine.begin() as connection:
        connection.execute(update(SCHEMA).values(version=2))
    with pytest.raises(
        LettersDatabaseProblem, match=r"have the version 2, and this release .* knows version 1"
    ):
        await LettersDatabase(url).write_failure("default", record_of(2))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM stepfile_letters")) == 1
    engine.dispose()


async def test_ended_letters_can_be_deleted_by_anybody(database: LettersDatabase, url: str) -> None:
    await database.write_failure("default", record_of())
    engine = create_engine(url, Path())
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM stepfile_letters"))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM stepfile_letter_failures")) == 0
        assert {each["name"] for each in inspect(connection).get_columns("stepfile_letters")} >= {
            "record",
            "queue",
        }
    engine.dispose()
