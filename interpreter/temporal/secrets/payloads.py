"""The values of secrets are replaced in what is about to be sent: in payloads, and in whatever holds them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message
from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

from interpreter.temporal.secrets.redaction import (
    hides_from_people,
    knows_secrets,
    redact_shown_text,
    redact_text,
    redact_value,
)
from interpreter.temporal.wire.payloads import is_json


def redact_payload(payload: Payload) -> bool:
    """Replace the values of secrets in a payload, in place, and say whether there was one.

    A payload that is not JSON, and holds one, becomes a text that names the secret.
    """
    if not payload.data:
        return False
    if not is_json(payload):
        text = payload.data.decode("latin-1")
        redacted: Any = redact_text(text)
        if redacted is text:
            return False
        payload.Clear()
        payload.metadata["encoding"] = b"json/plain"
    else:
        value = json.loads(payload.data)
        redacted = redact_value(value)
        if redacted is value:
            return False
    payload.data = json.dumps(redacted, separators=(",", ":"), sort_keys=True).encode()
    return True


def redact_message(message: Message) -> None:
    """Replace the values of secrets in all texts and payloads of a message, in place, and in what is inside it.

    In texts, which people read, secret inputs of the attempt are replaced, too. Payloads are data for the run.
    """
    if not hides_from_people():
        return
    waiting: list[Any] = [message]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Payload):
            redact_payload(each)
            continue
        for field, value in each.ListFields():
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                waiting.extend(item for item in value.values() if isinstance(item, Message))
            elif field.message_type is not None:
                waiting.extend([value] if isinstance(value, Message) else value)
            elif isinstance(value, str):
                setattr(each, field.name, redact_shown_text(value))


def redact_details(details: Sequence[Any]) -> Sequence[Any]:
    """Replace the values of secrets in the details of a heartbeat; those without one are returned as they are."""
    if not knows_secrets():
        return details
    try:
        payloads = activity.payload_converter().to_payloads(details)
    except Exception:  # temporalio meets it again, and says so
        return details
    changed = [redact_payload(payload) for payload in payloads]
    return [RawValue(payload) for payload in payloads] if any(changed) else details
