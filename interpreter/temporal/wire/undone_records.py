"""What the memo of a run tells of effects that were to be undone: one key for each step, `undone:<path in keys>`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from interpreter.effects import UndoneRecord, UndoneStatus

PREFIX = "undone:"
"""What these keys of a memo begin with; the path of the step in idempotency keys follows."""

INCOMPLETE = PREFIX
"""The key that says that there are more steps than those with a key of their own."""


def encode_record(record: UndoneRecord) -> dict[str, Any]:
    """Write what is known of the effect of one step."""
    told: dict[str, Any] = {"status": record.status.value, "times": record.times}
    if record.left:
        told["left"] = True
    if record.skipped is None:
        return told
    by, reason = record.skipped
    return {**told, "skipped": {"by": by, "reason": reason}}


def decode_records(memo: Mapping[str, Any]) -> dict[str, UndoneRecord]:
    """Read what a memo tells of effects: path in idempotency keys → what is known of it."""
    return {
        key.removeprefix(PREFIX): decode_record(cast("Mapping[str, Any]", value))
        for key, value in memo.items()
        if key.startswith(PREFIX) and isinstance(value, Mapping)
    }


def decode_record(data: Mapping[str, Any]) -> UndoneRecord:
    """Read what is known of the effect of one step."""
    told: Mapping[str, str] | None = data.get("skipped")
    skipped = (told["by"], told["reason"]) if told is not None else None
    return UndoneRecord(
        UndoneStatus(data["status"]), int(data["times"]), skipped, left=bool(data.get("left"))
    )
