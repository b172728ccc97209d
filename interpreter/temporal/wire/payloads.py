"""What stands in a payload, and whether it can be sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

NULL = b"binary/null"

MAXIMUM_BYTES = 2_000_000
"""Bytes. Beyond 2 MiB the SDK does not even try, and a workflow task that wants to would fail for ever; the rest is
for what a codec may add."""


MAXIMUM_LOCAL_BYTES = 256 * 1024
"""Bytes. The results of local activities reach the server together, with the commands of one workflow task."""


def is_json(payload: Payload) -> bool:
    """Whether it decodes to JSON data, which is all that expressions know."""
    encoding = payload.metadata.get("encoding", b"")
    return encoding == NULL or encoding.startswith(b"json/")


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
