"""How many attempts an activity took: the server knows, but tells neither workflow nor result.

A Stepfile worker sends the number along, where nobody else looks: in the metadata of the result's payload, and
as a last detail of an error. What another worker sends has neither; then the number is not known.
"""

from __future__ import annotations

from typing import Any

from temporalio.api.common.v1 import Payload

METADATA_KEY = "stepfile-attempt"
DETAIL_KEY = "stepfile_attempt"


def mark_result(payload: Payload, attempt: int) -> Payload:
    """Write the attempt into a payload."""
    payload.metadata[METADATA_KEY] = str(attempt).encode()
    return payload


def attempt_of_result(payload: Payload) -> int | None:
    """Read it back."""
    written = payload.metadata.get(METADATA_KEY)
    return int(written) if written is not None and written.isdigit() else None


def detail(attempt: int) -> dict[str, int]:
    """The last detail of an error."""
    return {DETAIL_KEY: attempt}


def without_attempt(details: tuple[Any, ...]) -> tuple[tuple[Any, ...], int | None]:
    """An error's own details, and the attempt."""
    match details:
        case (*own, dict() as last) if set(last) == {DETAIL_KEY}:
            return tuple(own), last[DETAIL_KEY]
        case _:
            return details, None
