"""The sagas change a ledger: accounts in a SQLite file, and a trail of everything that was tried.

The ledger is what a service has to be for a saga (docs/reference/undoing.md). It is idempotent by key: a repeated
call changes nothing, and gets the first answer. If something is undone that was never done, that leaves a tombstone,
by which a call that comes later is refused.
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
LOCK_TIMEOUT = 30.0
"""How many seconds a writer waits for the others."""

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
    """The call was undone before it came."""


@dataclass(frozen=True, slots=True)
class Effect:
    """An `Effect` has changed the accounts once."""

    id: int
    """The place in the trail, so that effects and attempts have one order."""
    key: str
    kind: Kind
    amount: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """An `Attempt` is one entry of the trail."""

    id: int
    key: str
    activity: str
    word: Word


@dataclass(frozen=True, slots=True)
class Call:
    """A `Call` is the attempt of an activity that writes into the ledger."""

    key: str
    activity: str
    attempt: int


class Ledger:
    """A `Ledger` is the file. Every call opens it again, because processes are killed at any time."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def create(self) -> None:
        """Create the tables."""
        with closing(self._open()) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA)

    def begin(self, call: Call) -> None:
        """Record that an attempt begins."""
        with self._transaction() as connection:
            _record(connection, call, "begins")

    def do(self, call: Call, amount: int) -> tuple[str, bool]:
        """Move money from the bank to the account of the run.

        Returns:
            The receipt, which is the same for the same key, and whether this call has moved the money.

        Raises:
            Refused: the call was undone before it came.
        """
        with self._transaction() as connection:
            if first := _find_effect(connection, call.key, "do"):
                _record(connection, call, "repeated")
                return _format_receipt(first), False
            if refused := _find_effect(connection, call.key, "tombstone") is not None:
                _record(connection, call, "refused")
            else:
                effect = _record(connection, call, "did")
                _write_effect(connection, effect, call.key, "do", amount)
        if refused:
            raise Refused(call.key)
        return _format_receipt(effect), True

    def undo(self, call: Call, receipt: str | None) -> bool:
        """Move the money back; if there was no `do`, refuse it from now on.

        Returns:
            Whether this call has changed anything.

        Raises:
            ValueError: the receipt belongs to another key.
        """
        with self._transaction() as connection:
            done = _find_effect(connection, call.key, "do")
            if receipt is not None and (done is None or receipt != _format_receipt(done)):
                raise ValueError(f"{call.key} never gave the receipt {receipt}")
            kind: Kind = "tombstone" if done is None else "undo"
            if _find_effect(connection, call.key, kind) is not None:
                _record(connection, call, "repeated")
                return False
            if done is None:
                _write_effect(connection, _record(connection, call, "empty"), call.key, kind, 0)
                return True
            (amount,) = connection.execute("SELECT amount FROM effects WHERE id = ?", (done,)).fetchone()
            _write_effect(connection, _record(connection, call, "undid"), call.key, kind, -amount)
            return True

    def effects(self) -> list[Effect]:
        """Return all effects, in order."""
        while True:
            try:
                with closing(self._open()) as connection:
                    rows = connection.execute("SELECT id, key, kind, amount FROM effects ORDER BY id")
                    return [Effect(*row) for row in rows]
            except (
                sqlite3.OperationalError
            ) as error:  # whoever closes the file last locks out readers for a moment
                if "locked" not in str(error):
                    raise

    def trail(self) -> list[Attempt]:
        """Return everything that was tried, in order."""
        with closing(self._open()) as connection:
            rows = connection.execute("SELECT id, key, activity, word FROM trail ORDER BY id")
            return [Attempt(*row) for row in rows]

    def accounts(self) -> dict[str, int]:
        """Return the balance of each account, by its name."""
        with closing(self._open()) as connection:
            return dict(connection.execute("SELECT name, balance FROM accounts ORDER BY name").fetchall())

    def tamper(self, statement: str, *values: object) -> None:
        """Break the ledger, to see that the checks find it."""
        with self._transaction() as connection:
            connection.execute(statement, values)

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._file, timeout=LOCK_TIMEOUT, isolation_level=None)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with closing(self._open()) as connection:
            connection.execute(
                "PRAGMA synchronous = NORMAL"
            )  # what is written survives the process, if not the machine
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


def get_run(key: str) -> str:
    """Return the run that a key belongs to."""
    return key.partition("/")[0]


def _format_receipt(effect: int) -> str:
    return f"receipt-{effect}"


def _find_effect(connection: sqlite3.Connection, key: str, kind: Kind) -> int | None:
    row = connection.execute("SELECT id FROM effects WHERE key = ? AND kind = ?", (key, kind)).fetchone()
    return row[0] if row else None


def _record(connection: sqlite3.Connection, call: Call, word: Word) -> int:
    cursor = connection.execute(
        "INSERT INTO trail (key, activity, word, attempt, pid, at) VALUES (?, ?, ?, ?, ?, ?)",
        (call.key, call.activity, word, call.attempt, os.getpid(), time.time()),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _write_effect(connection: sqlite3.Connection, effect: int, key: str, kind: Kind, amount: int) -> None:
    connection.execute("INSERT INTO effects VALUES (?, ?, ?, ?, ?)", (effect, key, kind, amount, time.time()))
    for account, change in ((BANK, -amount), (get_run(key), amount)):
        connection.execute(
            "INSERT INTO accounts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET balance = balance + ?",
            (account, change, change),
        )
