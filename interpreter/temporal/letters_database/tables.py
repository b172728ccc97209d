"""The tables in which letters are kept.

A letter is one row of `stepfile_letters`. Most of its columns are for people and filters. `record` is what the run
has written. `summary` is what commands show, and `state` is what they go on from; `interpreter.letters` writes both.

`stepfile_letter_failures` has a row for each failure that was written, so that one that is written again counts once,
however late, and whatever has become of its letter.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect


class UtcTime(TypeDecorator[datetime]):
    """A time with its zone. SQLite has no times, so there it is text in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Hand over a time in UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read a time; without a zone it is in UTC."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class StorableText(TypeDecorator[str]):
    """A text that every database takes: what PostgreSQL refuses is written as an escape."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace NUL, and halves of surrogate pairs, which JSON can write."""
        if value is None:
            return None
        return value.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")


METADATA = MetaData()

SCHEMA = Table(
    "stepfile_letters_schema",
    METADATA,
    Column("version", Integer, nullable=False),
)
"""It has one row: the version of these tables."""

LETTERS = Table(
    "stepfile_letters",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("effect", Text, nullable=False),
    Column("namespace", StorableText, nullable=False),
    Column("queue", StorableText, nullable=False),
    Column("key", StorableText, nullable=False),
    Column("status", Text, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("definition", StorableText, nullable=False),
    Column("version", StorableText),
    Column("step", StorableText, nullable=False),
    Column("workflow_id", StorableText, nullable=False),
    Column("run_id", StorableText, nullable=False),
    Column("error_type", StorableText, nullable=False),
    Column("error", StorableText, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("redrives", Integer, nullable=False),
    Column("first_failed_at", UtcTime, nullable=False),
    Column("last_failed_at", UtcTime, nullable=False),
    Column("redrive_run", Text),
    Column("record", JSON, nullable=False),
    Column("summary", JSON, nullable=False),
    Column("state", JSON, nullable=False),
)
"""`effect` is a digest of what names the effect, whose parts may be too long for an index. `current` is true until
the letter has ended, or has become poison. `redrive_run` is the run id of the redrive that is under way; it is null
as long as nobody is known to have started it."""

CURRENT = LETTERS.c.current.is_(True)

ONE_CURRENT_LETTER = Index(
    "stepfile_letters_one_current",
    LETTERS.c.effect,
    unique=True,
    sqlite_where=CURRENT,
    postgresql_where=CURRENT,
)
"""An effect has at most one letter that takes its next failure."""

Index("stepfile_letters_by_queue", LETTERS.c.namespace, LETTERS.c.queue, LETTERS.c.status)

FAILURES = Table(
    "stepfile_letter_failures",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("letter", Text, ForeignKey(LETTERS.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("run_id", StorableText, nullable=False),
    Column("failed_at", UtcTime, nullable=False),
    Column("error_type", StorableText, nullable=False),
)
