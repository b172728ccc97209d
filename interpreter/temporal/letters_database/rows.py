"""Letters as rows: each function is a part of one transaction, and changes what `interpreter.letters` says."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dsl.scalars.time import parse_time
from interpreter.letters.letter import LetterState
from interpreter.letters.orders import Order
from interpreter.letters.run_end import RunEnd
from interpreter.letters.status import LetterStatus
from interpreter.letters.summary import LetterSummary
from interpreter.letters.transitions import end_run, fail_again, open_letter, take_order
from interpreter.temporal.letters_database.kept import KeptLetter, Wanted
from interpreter.temporal.letters_database.tables import CURRENT, FAILURES, LETTERS

ID_PREFIX = "letter-"
"""What the id of each letter in a database begins with. A random part follows, so that the ids of redrives, which
begin with it, are new also when a database is made anew."""

PAGE = 500
"""So many letters are read at once."""


def write_failure(connection: Connection, namespace: str, record: Mapping[str, Any]) -> str | None:
    """Keep a failure: as a new letter, or as one more failure of the letter that its effect has.

    Args:
        connection: In a transaction. It is rolled back if the failure was written before.
        namespace: The namespace of the run.
        record: What the run has written.

    Returns:
        The id of the letter; None if the failure was written before.
    """
    effect = _digest(namespace, record["queue"], record["key"])
    letter_id = None
    while letter_id is None:  # a second time only if another writer has opened the letter between the two
        letter_id = _add_failure(connection, effect, record) or _open(connection, effect, namespace, record)
    failure = {
        "id": _digest(effect, record["run_id"], record["failed_at"]),
        "letter": letter_id,
        "run_id": record["run_id"],
        "failed_at": parse_time(record["failed_at"]),
        "error_type": record["error"]["type"],
    }
    if _insert(connection, FAILURES, failure):
        return letter_id
    connection.rollback()
    return None


def read_letter(
    connection: Connection, namespace: str, letter_id: str, *, lock: bool = False
) -> KeptLetter | None:
    """Read a letter; None if there is no such letter.

    Args:
        connection: In a transaction.
        namespace: The namespace of the run that has failed.
        letter_id: The letter.
        lock: Whether nobody else may change it in this transaction.
    """
    found = select(LETTERS).where(LETTERS.c.id == letter_id, LETTERS.c.namespace == namespace)
    row = connection.execute(found.with_for_update() if lock else found).one_or_none()
    return None if row is None else _read(row)


def save_letter(connection: Connection, kept: KeptLetter) -> None:
    """Write a letter back that was locked."""
    state = kept.state
    is_current = kept.is_current and state.status in (LetterStatus.OPEN, LetterStatus.REDRIVING)
    changed = {
        **_write(state),
        "current": is_current,
        "redrive_run": kept.redrive_run if state.redrive is not None else None,
    }
    connection.execute(update(LETTERS).where(LETTERS.c.id == state.id).values(changed))


def end_run_of_letters(
    connection: Connection, namespace: str, queue: str, keys: Sequence[str], end: RunEnd
) -> None:
    """Tell the letters of some effects that the run which has written them has ended."""
    written = or_(CURRENT, LETTERS.c.run_id == end.run_id)
    _change_letters(connection, namespace, queue, keys, written, lambda state: end_run(state, end))


def take_order_of_run(
    connection: Connection, namespace: str, queue: str, keys: Sequence[str], order: Order
) -> None:
    """Give the letters of some effects the order of a run which has done what had failed: also those in poison."""
    left = or_(CURRENT, LETTERS.c.status == LetterStatus.POISON.value)
    now = datetime.now(UTC)
    _change_letters(connection, namespace, queue, keys, left, lambda state: take_order(state, order, now))


def _change_letters(
    connection: Connection,
    namespace: str,
    queue: str,
    keys: Sequence[str],
    which: ColumnElement[bool],
    change: Callable[[LetterState], LetterState],
) -> None:
    """Lock letters of some effects, and change them."""
    effects = [_digest(namespace, queue, key) for key in keys]
    found = select(LETTERS).where(LETTERS.c.effect.in_(effects), which)
    for row in connection.execute(found.order_by(LETTERS.c.id).with_for_update()).all():
        kept = _read(row)
        save_letter(connection, replace(kept, state=change(kept.state)))


def list_page(connection: Connection, wanted: Wanted, after: str) -> list[LetterSummary]:
    """List the next letters in the order of their ids, at most `PAGE`."""
    found = select(LETTERS.c.summary).where(
        LETTERS.c.namespace == wanted.namespace,
        LETTERS.c.status.in_([status.value for status in wanted.statuses]),
        *(LETTERS.c[name] == value for name, value in wanted.equal.items()),
        LETTERS.c.id > after,
    )
    if wanted.since is not None:
        found = found.where(LETTERS.c.last_failed_at >= wanted.since)
    return [
        LetterSummary.from_json(summary)
        for (summary,) in connection.execute(found.order_by(LETTERS.c.id).limit(PAGE))
    ]


def _add_failure(connection: Connection, effect: str, record: Mapping[str, Any]) -> str | None:
    """Add a failure to the current letter of an effect; None if there is no such letter."""
    current = select(LETTERS).where(LETTERS.c.effect == effect, CURRENT).with_for_update()
    row = connection.execute(current).one_or_none()
    if row is None:
        return None
    kept = _read(row)
    save_letter(connection, replace(kept, state=fail_again(kept.state, record)))
    return kept.state.id


def _open(connection: Connection, effect: str, namespace: str, record: Mapping[str, Any]) -> str | None:
    """Open a letter; None if another writer has just done so."""
    state = open_letter(f"{ID_PREFIX}{uuid.uuid4().hex[:16]}", record)
    new = {**_write(state), "id": state.id, "effect": effect, "namespace": namespace, "current": True}
    return state.id if _insert(connection, LETTERS, new) else None


def _write(state: LetterState) -> dict[str, Any]:
    """The columns that a state decides."""
    summary = state.summarize()
    return {
        **{name: getattr(summary, name) for name in _OF_SUMMARY},
        "status": summary.status.value,
        "record": state.record,
        "summary": summary.to_json(),
        "state": state.to_json(),
    }


def _insert(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Add a row, unless a row that is there already forbids it; whether it was added."""
    # Standard SQL has no such INSERT, so each dialect has one of its own.
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(values).on_conflict_do_nothing()
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1


_OF_SUMMARY = (
    *("queue", "key", "definition", "version", "step", "workflow_id", "run_id", "error_type", "error"),
    *("failures", "redrives", "first_failed_at", "last_failed_at"),
)


def _read(row: Row[Any]) -> KeptLetter:
    return KeptLetter(LetterState.from_json(row.id, row.record, row.state), row.redrive_run, row.current)


def _digest(*words: str) -> str:
    """Name something whose own name may be of any length, and have any characters."""
    return sha256(json.dumps(words).encode()).hexdigest()
