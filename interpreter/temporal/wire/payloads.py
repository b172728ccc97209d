"""What stands in a payload, and whether it can be sent."""

from __future__ import annotations

import json
from collections.abc import Iterable

from temporalio.api.common.v1 import Payload

from dsl.scalars.json_value import JsonValue, find_not_finite

NULL = b"binary/null"

MAXIMUM_BYTES = 2_000_000
"""Bytes. Beyond 2 MiB the SDK does not even try, and a workflow task that wants to would fail for ever; the rest is
for what a codec may add."""


MAXIMUM_LOCAL_BYTES = 256 * 1024
"""Bytes. The results of local activities reach the server together, with the commands of one workflow task."""


def is_json(payload: Payload) -> bool:
    """Whether it says that it is JSON data, which is all that expressions know.

    It may still hold numbers that JSON does not have, see `find_foreign_number`.
    """
    encoding = payload.metadata.get("encoding", b"")
    return encoding == NULL or encoding.startswith(b"json/")


def describe_foreign_number(value: JsonValue) -> str | None:
    """Say which number in decoded data JSON does not have; None if there is none."""
    found = find_not_finite(value)
    if found is None:
        return None
    path, number = found
    return f"{number} is not JSON" + (f" (at {'.'.join(map(str, path))})" if path else "")


def find_foreign_number(payloads: Iterable[Payload]) -> str | None:
    """Say which number in encoded JSON it does not have; None if there is none."""
    suspicious = (each for each in payloads if any(word in each.data for word in _FOREIGN_NUMBERS))
    found = (describe_foreign_number(json.loads(each.data)) for each in suspicious if is_json(each))
    return next(filter(None, found), None)


_FOREIGN_NUMBERS = (b"NaN", b"Infinity")
"""How Python writes them. A text may hold these words, too."""


def measure_payloads(payloads: Iterable[Payload]) -> int:
    """In bytes."""
    return sum(payload.ByteSize() for payload in payloads)


def find_excess(payloads: Iterable[Payload], what: str, most: int = MAXIMUM_BYTES) -> str | None:
    """The complaint about payloads that can't be sent together; None when they can."""
    size = measure_payloads(payloads)
    if size <= most:
        return None
    return f"{what} can't be sent: {size:,} bytes, and at most {most:,} fit; pass a reference to the data instead"
