"""What stands in a payload."""

from __future__ import annotations

from temporalio.api.common.v1 import Payload

NULL = b"binary/null"


def is_json(payload: Payload) -> bool:
    """Whether it decodes to JSON data, which is all that expressions know."""
    encoding = payload.metadata.get("encoding", b"")
    return encoding == NULL or encoding.startswith(b"json/")
