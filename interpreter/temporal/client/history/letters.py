"""The record of a dead letter, as far as a line about it needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.api.common.v1 import Payload

from interpreter.failure.failure import Failure
from interpreter.temporal.client.history.reading import Reading

_NOT_KNOWN = Failure("Failure", "(not shown: it can't be decoded here)")


@dataclass(frozen=True, slots=True)
class LetterRecord:
    """What a letter is about."""

    queue: str | None = None
    step: str | None = None
    failure: Failure = _NOT_KNOWN


async def read_record(reading: Reading, payloads: Sequence[Payload]) -> LetterRecord:
    """Read the record of a letter from the arguments with which it was written."""
    match await reading.decode(payloads):
        case [{"error": {"type": str() as kind, "message": str() as message}} as record, *_]:
            about: Mapping[str, Any] = record
            failure = Failure(reading.redact(kind), reading.redact(message))
            return LetterRecord(about.get("queue"), reading.redact(about.get("step", "")) or None, failure)
        case _:
            return LetterRecord()
