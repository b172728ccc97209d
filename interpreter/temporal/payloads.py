"""What stands in a payload, and whether it can be sent."""

from __future__ import annotations

from collections.abc import Iterable

from temporalio.api.common.v1 import Payload

NULL = b"binary/null"

MOST = 2_000_000
"""Bytes. Beyond 2 MiB the SDK does not even try, and a workflow task that wants to would fail for ever; the rest is
for what a codec may add."""


def is_json(payload: Payload) -> bool:
    """Whether it decodes to JSON data, which is all that expressions know."""
    encoding = payload.metadata.get("encoding", b"")
    return encoding == NULL or encoding.startswith(b"json/")


def too_large(payloads: Iterable[Payload], what: str) -> str | None:
    """The complaint about payloads that can't be sent together; None when they can."""
    size = sum(payload.ByteSize() for payload in payloads)
    if size <= MOST:
        return None
    return f"{what} can't be sent: {size:,} bytes, and at most {MOST:,} fit; pass a reference to the data instead"
