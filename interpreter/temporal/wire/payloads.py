"""What stands in a payload, and whether it can be sent."""

from __future__ import annotations

from collections.abc import Iterable

from temporalio.api.common.v1 import Payload

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


def measure_payloads(payloads: Iterable[Payload]) -> int:
    """In bytes."""
    return sum(payload.ByteSize() for payload in payloads)


def find_excess(payloads: Iterable[Payload], what: str, most: int = MAXIMUM_BYTES) -> str | None:
    """The complaint about payloads that can't be sent together; None when they can."""
    size = measure_payloads(payloads)
    if size <= most:
        return None
    return f"{what} can't be sent: {size:,} bytes, and at most {most:,} fit; pass a reference to the data instead"
