"""The world that the sagas change: accounts in a SQLite file, and a trail of everything that was tried.

It is what a service has to be for a saga (docs/reference/language.md, "Undoing"): idempotent by key, so that a
repeated call changes nothing and gives the first answer; an undo of what was never done leaves a tombstone, which
refuses the call that comes late.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["do", "undo", "tombstone"]
Word = Literal["begins", "did", "repeated", "refused", "undid", "empty"]

BANK = "bank"
"""The account that all money comes from."""
BUSY = 30.0
"""Seconds that a writer waits for the others."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS trail (
  id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, activity TEXT NOT NULL, word TEXT NOT NULL,
  attempt INTEGER NOT NULL, pid INTEGER NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS effects (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, kind TEXT NOT NULL, amount INTEGER NOT NULL, at REAL NOT NULL,
  UNIQUE (key, kind));
CREATE TABLE IF NOT EXISTS accounts (name TEXT PRIMARY KEY, balance INTEGER NOT NULL);
"""


class Refused(Exception):
    """This was undone before it was done."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What has changed the accounts, once."""

    id: int
    """The place in the trail: effects and attempts have one order."""
    key: str
    kind: Kind
    amount: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One entry of the trail."""

    id: int
    key: str
    activity: str
    word: Word


@dataclass(frozen=True, slots=True)
class Call:
    """Who writes into the ledger: an attempt of an activity."""

    key: str
    activity: str
    attempt: int


class Ledger:
    """The file. Every call opens it anew: processes are killed in the middle of everything."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def create(self) -> None:
        """Make the tables."""
        with closing(self._open()) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA)

    def begin(self, call: Call) -> None:
        """Note that an attempt begins."""
        with self._transaction() as connection:
            _note(connection, call, "begins")

    def do(self, call: Call, amount: int) -> tuple[str, bool]:
        """Move money from the bank to the account of the run.

        Returns:
            The receipt, the same for the same key; and whether this call has moved the money.

        Raises:
            Refused: it has been undone already.
        """
        with self._transaction() as connection:
            if first := _effect(connection, call.key, "do"):
                _note(connection, call, "repeated")
                return _receipt(first), False
            if refused := _effect(connection, call.key, "tombstone") is not None:
                _note(connection, call, "refused")
            else:
                effect = _note(connection, call, "did")
                _write(connection, effect, call.key, "do", amount)
        if refused:
            raise Refused(call.key)
        return _receipt(effect), True

    def undo(self, call: Call, receipt: str | None) -> bool:
        """Move the money back; without a `do` refuse it from now on.

        Returns:
            Whether this call has changed anything.

        Raises:
            ValueError: the receipt is another one's.
        """
        with self._transaction() as connection:
            done = _effect(connection, call.key, "do")
            if receipt is not None and (done is None or receipt != _receipt(done)):
                raise ValueError(f"{call.key} never gave the receipt {receipt}")
            kind: Kind = "tombstone" if done is None else "undo"
            if _effect(connection, call.key, kind) is not None:
                _note(connection, call, "repeated")
                return False
            if done is None:
                _write(connection, _note(connection, call, "empty"), call.key, kind, 0)
                return True
            (amount,) = connection.execute("SELECT amount FROM effects WHERE id = ?", (done,)).fetchone()
            _write(connection, _note(connection, call, "undid"), call.key, kind, -amount)
            return True

    def effects(self) -> list[Effect]:
        """All of them, in order."""
        with closing(self._open()) as connection:
            rows = connection.execute("SELECT id, key, kind, amount FROM effects ORDER BY id")
            return [Effect(*row) for row in rows]

    def trail(self) -> list[Attempt]:
        """All that was tried, in order."""
        with closing(self._open()) as connection:
            rows = connection.execute("SELECT id, key, activity, word FROM trail ORDER BY id")
            return [Attempt(*row) for row in rows]

    def accounts(self) -> dict[str, int]:
        """Name → balance."""
        with closing(self._open()) as connection:
            return dict(connection.execute("SELECT name, balance FROM accounts ORDER BY name").fetchall())

    def tamper(self, statement: str, *values: object) -> None:
        """Break it, to see that the checks find it."""
        with self._transaction() as connection:
            connection.execute(statement, values)

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._file, timeout=BUSY, isolation_level=None)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with closing(self._open()) as connection:
            connection.execute("PRAGMA synchronous = NORMAL")  # outlives the process, if not the machine
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


def run_of(key: str) -> str:
    """The run that a key belongs to."""
    return key.partition("/")[0]


def _receipt(effect: int) -> str:
    return f"receipt-{effect}"


def _effect(connection: sqlite3.Connection, key: str, kind: Kind) -> int | None:
    row = connection.execute("SELECT id FROM effects WHERE key = ? AND kind = ?", (key, kind)).fetchone()
    return row[0] if row else None


def _note(connection: sqlite3.Connection, call: Call, word: Word) -> int:
    cursor = connection.execute(
        "INSERT INTO trail (key, activity, word, attempt, pid, at) VALUES (?, ?, ?, ?, ?, ?)",
        (call.key, call.activity, word, call.attempt, os.getpid(), time.time()),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _write(connection: sqlite3.Connection, effect: int, key: str, kind: Kind, amount: int) -> None:
    connection.execute("INSERT INTO effects VALUES (?, ?, ?, ?, ?)", (effect, key, kind, amount, time.time()))
    for account, change in ((BANK, -amount), (run_of(key), amount)):
        connection.execute(
            "INSERT INTO accounts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET balance = balance + ?",
            (account, change, change),
        )
