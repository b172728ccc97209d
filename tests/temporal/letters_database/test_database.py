"""Which databases can keep letters, and what is said of one that can't be used."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from interpreter.temporal.letters_database.engine import parse_url
from stepfile.sql import LettersDatabase, LettersDatabaseProblem
from tests.support.postgresql import PostgreSql
from tests.support.processes import python
from tests.temporal.letters_database.records import record_of


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("letters.db", "it can't be read as a URL"),
        ("mysql://me:secret@host/letters", 'it begins with "mysql"'),
        ("postgresql+psycopg2://me:secret@host/letters", 'it begins with "postgresql\\+psycopg2"'),
        ("sqlite://", "it names no file"),
        ("sqlite:///:memory:", "it names no file"),
        ("postgresql://me:secret@host:port/letters", "it can't be read as a URL"),
    ],
)
def test_other_urls_are_refused_without_their_passwords(url: str, why: str) -> None:
    with pytest.raises(LettersDatabaseProblem, match=why) as caught:
        LettersDatabase(url)
    assert "secret" not in str(caught.value)
    assert "postgresql://USER:PASSWORD@HOST:5432/DATABASE" in str(caught.value)


@pytest.mark.parametrize("begins", ["postgres", "postgresql", "postgresql+psycopg"])
def test_all_urls_of_postgresql_mean_psycopg(begins: str, tmp_path: Path) -> None:
    assert parse_url(f"{begins}://host/letters", tmp_path).drivername == "postgresql+psycopg"


def test_a_relative_path_starts_from_the_folder(tmp_path: Path) -> None:
    assert parse_url("sqlite:///kept/letters.db", tmp_path).database == str(tmp_path / "kept" / "letters.db")
    assert parse_url("sqlite:////elsewhere/letters.db", tmp_path).database == "/elsewhere/letters.db"


async def test_a_file_that_can_not_be_opened(tmp_path: Path) -> None:
    database = LettersDatabase(f"sqlite:///{tmp_path}/missing/letters.db")
    with pytest.raises(
        LettersDatabaseProblem, match=r"missing/letters.db can't be used: unable to open database file"
    ):
        await database.write_failure("default", record_of())


async def test_a_server_that_is_down_and_comes_back(postgresql: PostgreSql) -> None:
    url = postgresql.create_database()
    database = LettersDatabase(url)
    await database.write_failure("default", record_of(1))
    with postgresql.down():
        with pytest.raises(LettersDatabaseProblem, match="can't be used: connection") as caught:
            await database.write_failure("default", record_of(2))
        assert "***" in str(caught.value)
    assert await database.write_failure("default", record_of(2)) is not None
    database.close()


async def test_a_wrong_password_is_not_shown(postgresql: PostgreSql) -> None:
    database = LettersDatabase(postgresql.create_database().replace(postgresql.password, "hunter2"))
    with pytest.raises(LettersDatabaseProblem, match="password authentication failed") as caught:
        await database.write_failure("default", record_of())
    assert "hunter2" not in str(caught.value)


async def test_a_lock_that_somebody_holds_is_waited_for(url: str) -> None:
    """A writer that is killed in the middle of a transaction leaves nothing behind, and blocks nobody."""
    database = LettersDatabase(url)
    await database.write_failure("default", record_of(1))
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _HOLDS_A_LOCK, url, stdout=asyncio.subprocess.PIPE
    )
    assert writer.stdout is not None
    assert await writer.stdout.readline() == b"locked\n"
    writing = asyncio.create_task(database.write_failure("default", record_of(1, failure=2)))
    done, _ = await asyncio.wait([writing], timeout=0.5)
    assert not done
    writer.kill()
    await writer.wait()
    assert await writing is not None
    kept = await database.read_letter("default", await writing or "")
    assert kept is not None
    assert kept.state.failures == 2
    database.close()


_HOLDS_A_LOCK = """
import sys, time
from pathlib import Path
from interpreter.temporal.letters_database.engine import create_engine
from interpreter.temporal.letters_database.rows import write_failure
from tests.temporal.letters_database.records import record_of
with create_engine(sys.argv[1], Path()).connect() as connection:
    write_failure(connection, "default", record_of(1, failure=3))
    print("locked", flush=True)
    time.sleep(60)
"""


def test_without_the_extra_the_sentence_names_it() -> None:
    ended = python("import sys; sys.modules['sqlalchemy'] = None; import stepfile.sql")
    assert ended.returncode == 1
    assert "a letters database needs the package sqlalchemy, which can't be imported" in ended.stderr
    assert "hint: pip install 'stepfile[sql]'" in ended.stderr
