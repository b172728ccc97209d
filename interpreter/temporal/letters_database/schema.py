"""The tables are made when the database is first used, and a version says how they look.

Several workers may start at once: whoever comes first makes the tables, and the others wait for that.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, insert, inspect, select, text

from interpreter.temporal.letters_database.problem import LettersDatabaseProblem
from interpreter.temporal.letters_database.tables import METADATA, SCHEMA

VERSION = 1
"""The version of the tables that this release makes and uses.

A release that changes them raises it, and changes older tables in `prepare_tables`, in the same transaction."""

_LOCK = 7_783_720_901
"""The number of the advisory lock of PostgreSQL, under which tables are made. Any number that nobody else takes."""


def prepare_tables(engine: Engine) -> None:
    """Make the tables if they are missing.

    Raises:
        LettersDatabaseProblem: a newer release has made them.
    """
    with engine.begin() as connection:
        if not inspect(connection).has_table(SCHEMA.name):
            _make_tables(connection)
        version = connection.scalar(select(SCHEMA.c.version))
    if version != VERSION:
        raise LettersDatabaseProblem(
            f"the tables of the letters database have the version {version}, and this release of Stepfile knows "
            f"version {VERSION}",
            "use the release that has made them, or a newer one",
        )


def _make_tables(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # SQLite has its lock already
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    METADATA.create_all(connection)
    if connection.scalar(select(SCHEMA.c.version)) is None:
        connection.execute(insert(SCHEMA).values(version=VERSION))
