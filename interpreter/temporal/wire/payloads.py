"""What stands in a payload, and whether it can be sent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

from dsl.scalars.json_value import JsonValue, find_not_finite

NULL = b"binary/null"
SECRETS = b"json/stepfile-secrets"
"""The encoding of an argument with secrets. Temporal's UI shows what begins with `json/` as JSON."""

MAXIMUM_BYTES = 2_000_000
"""Bytes. Beyond 2 MiB the SDK does not even try, and a workflow task that wants to would fail for ever; the rest is
for what a codec may add."""


MAXIMUM_RECORD_BYTES = 1_900_000
"""Bytes of the record of a dead letter. Whoever keeps it sends it again, beside what has become of it."""

MAXIMUM_LOCAL_BYTES = 256 * 1024
"""Bytes. The results of local activities reach the server together, with the commands of one workflow task."""


def is_json(payload: Payload) -> bool:
    """Whether it says that it is JSON data, which is all that expressions know.

    It may still hold numbers that JSON does not have, see `find_foreign_number`.
    """
    encoding = payload.metadata.get("encoding", b"")
    return encoding == NULL or (encoding.startswith(b"json/") and encoding != SECRETS)


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


def make_null_readable(value: Any) -> Any:
    """Make what Temporal's UI shows as `null` out of a result that is null; every other one stays as it is.

    The SDKs write a null without data, as `binary/null`, which the UI shows as the metadata of a payload. Every SDK
    reads both. This is for results only: an argument that is null would be read as the type of its parameter.
    """
    if value is not None:
        return value
    return RawValue(Payload(metadata={"encoding": b"json/plain"}, data=b"null"))


def measure_payloads(payloads: Iterable[Payload]) -> int:
    """In bytes."""
    return sum(payload.ByteSize() for payload in payloads)


def find_excess(payloads: Iterable[Payload], what: str, most: int = MAXIMUM_BYTES) -> str | None:
    """The complaint about payloads that can't be sent together; None when they can."""
    size = measure_payloads(payloads)
    if size <= most:
        return None
    return f"{what} can't be sent: {size:,} bytes, and at most {most:,} fit; pass a reference to the data instead"
