"""A database for each test: a file of SQLite, or an empty database of one PostgreSQL for the session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stepfile.sql import LettersDatabase
from tests.support.postgresql import PostgreSql, run_postgresql


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSql]:
    """A server of PostgreSQL, which tests share; each takes a database of its own."""
    with run_postgresql() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/letters.db"
    server: PostgreSql = request.getfixturevalue("postgresql")
    return server.create_database()


@pytest.fixture
def database(url: str) -> Iterator[LettersDatabase]:
    """An empty database of letters."""
    made = LettersDatabase(url)
    yield made
    made.close()
