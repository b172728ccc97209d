"""From the URL of a database to connections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from interpreter.temporal.letters_database.problem import LettersDatabaseProblem

try:
    from sqlalchemy import URL, Engine, event, make_url
    from sqlalchemy import Connection as Connection  # for `database`
    from sqlalchemy import create_engine as create_plain_engine
    from sqlalchemy.exc import ArgumentError
    from sqlalchemy.exc import SQLAlchemyError as SQLAlchemyError
except ImportError as error:
    raise LettersDatabaseProblem(
        "a letters database needs the package sqlalchemy, which can't be imported",
        "pip install 'stepfile[sql]'",
    ) from error

CONNECTIONS = 5
"""So many connections one process has at most. With five, PostgreSQL took more than a hundred letters a second
(measured), and a database serves many workers."""

TO_POSTGRESQL = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""Options of libpq, which the URL may replace: a server that falls silent is noticed in about a minute. All times are
in seconds, but the last one is in milliseconds."""

LOCK_SECONDS = 20
"""So long a writer of SQLite waits for the writer before it."""

POSTGRESQL, SQLITE = "postgresql+psycopg", "sqlite+pysqlite"
_ACCEPTED = {
    "sqlite": SQLITE,
    SQLITE: SQLITE,
    "postgres": POSTGRESQL,
    "postgresql": POSTGRESQL,
    POSTGRESQL: POSTGRESQL,
}
"""What a URL may begin with → what SQLAlchemy is told."""


def create_engine(text: str, folder: Path) -> Engine:
    """Make an engine; it connects when it is first used.

    Args:
        text: The URL of the database.
        folder: The folder that a relative path in it starts from.

    Raises:
        LettersDatabaseProblem: it is no URL of a database that can be used here.
    """
    url = parse_url(text, folder)
    try:
        if url.drivername == POSTGRESQL:
            return create_plain_engine(
                url,
                pool_size=CONNECTIONS,
                max_overflow=0,
                pool_pre_ping=True,  # a server that was restarted has closed them
                hide_parameters=True,
                connect_args={name: value for name, value in TO_POSTGRESQL.items() if name not in url.query},
            )
        engine = create_plain_engine(
            url,
            pool_size=CONNECTIONS,
            max_overflow=0,
            hide_parameters=True,
            connect_args={"timeout": LOCK_SECONDS},
        )
    except ImportError as error:
        raise LettersDatabaseProblem(
            f"the driver of the letters database can't be imported: {error}", "pip install 'stepfile[sql]'"
        ) from error
    _begin_immediately(engine)
    return engine


def parse_url(text: str, folder: Path) -> URL:
    """Read a URL, and refuse what can't keep letters. No message repeats it, because it may hold a password.

    Raises:
        LettersDatabaseProblem: it is no URL of a database that can be used here.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise _refuse("it can't be read as a URL") from None
    if url.drivername not in _ACCEPTED:
        raise _refuse(f'it begins with "{url.drivername}"')
    url = url.set(drivername=_ACCEPTED[url.drivername])
    if url.drivername == POSTGRESQL:
        return url
    if not url.database or url.database == ":memory:":
        raise _refuse("it names no file, so letters would be lost when the process ends")
    return url.set(database=str(folder / url.database))


def _refuse(why: str) -> LettersDatabaseProblem:
    return LettersDatabaseProblem(
        f"the URL of the letters database can't be used: {why}",
        "write sqlite:///letters.db, or postgresql://USER:PASSWORD@HOST:5432/DATABASE",
    )


def _begin_immediately(engine: Engine) -> None:
    """Let SQLite take the lock of writers at the beginning of a transaction.

    By default it takes the lock when a transaction writes first. Two transactions that have read before would then
    wait for each other, and one of them would fail.
    """

    def on_connect(connection: Any, _: object) -> None:
        connection.isolation_level = None  # Python's sqlite3 begins no transactions of its own
        connection.execute("PRAGMA foreign_keys = ON")

    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
