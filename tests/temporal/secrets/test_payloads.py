"""Payloads and failures are redacted in place, whatever their encoding."""

from __future__ import annotations

import json
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter

from interpreter.temporal.secrets.payloads import redact_message, redact_payload
from interpreter.temporal.secrets.redaction import learn_secret

VALUE = 'hunter"2/ü'
CONVERTER = DataConverter.default.payload_converter


@pytest.fixture(autouse=True)
def _one_secret(_nothing_known: None) -> None:
    learn_secret("TOKEN", VALUE)


@pytest.mark.parametrize(
    "data", [VALUE, f"<{VALUE}>", [VALUE], {"a": {VALUE: 1}}, {"a": [json.dumps([VALUE])]}]
)
def test_json_stays_json(data: Any) -> None:
    payload = CONVERTER.to_payload(data)
    assert redact_payload(payload)
    text = json.dumps(CONVERTER.from_payload(payload))
    assert "[secret TOKEN]" in text
    assert "hunter" not in text


@pytest.mark.parametrize("data", [None, 1, "text", {"a": ["b"]}, b"bytes", b""])
def test_what_has_none_is_not_touched(data: Any) -> None:
    payload = CONVERTER.to_payload(data)
    before = payload.SerializeToString()
    assert not redact_payload(payload)
    assert payload.SerializeToString() == before


def test_bytes_become_a_text_that_names_the_secret() -> None:
    learn_secret("KEY", "in-the-bytes")
    payload = Payload(metadata={"encoding": b"binary/plain"}, data=b"\xff in-the-bytes \xff")
    assert redact_payload(payload)
    assert "[secret KEY]" in CONVERTER.from_payload(payload)


@pytest.mark.parametrize("encoded", [False, True])
def test_a_failure_is_redacted_to_its_last_cause(encoded: bool) -> None:
    failure = Failure(message=f"outer {VALUE}", stack_trace=f"at {VALUE}")
    failure.application_failure_info.type = f"Type{VALUE}"
    failure.application_failure_info.details.payloads.append(CONVERTER.to_payload([VALUE]))
    inner = failure
    for _ in range(15):
        inner = inner.cause
        inner.message = f"inner {VALUE}"
        inner.timeout_failure_info.last_heartbeat_details.payloads.append(CONVERTER.to_payload(VALUE))
    if encoded:
        failure.encoded_attributes.CopyFrom(CONVERTER.to_payload({"message": VALUE, "stack_trace": ""}))
    redact_message(failure)
    assert "hunter" not in str(failure)
    assert str(failure).count("[secret TOKEN]") == 4 + 30 + encoded
