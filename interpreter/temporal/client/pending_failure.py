"""Say why an attempt has failed that the server will repeat: it keeps that in its own form, and not all of it."""

from __future__ import annotations

from typing import cast

from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter
from temporalio.exceptions import TimeoutType

from interpreter.temporal.wire.hidden_reasons import CUT_BY_SERVER, NOT_DECODED, add_reason
from interpreter.temporal.wire.timeouts import TIMEOUT_NAMES


async def describe_pending_failure(failure: Failure, converter: DataConverter) -> str:
    """Describe a failure by its type and message: `ValueError: Invalid hotel ID`.

    Args:
        failure: What the server keeps of it.
        converter: Reads a message that was encrypted.
    """
    if failure.message == CUT_BY_SERVER and failure.HasField("cause"):
        failure = failure.cause
    if failure.HasField("timeout_failure_info"):
        kind = TIMEOUT_NAMES.get(TimeoutType(failure.timeout_failure_info.timeout_type))
        return f"Timeout.{kind}"
    message = await _read_message(failure, converter)
    if message == NOT_DECODED:
        message = add_reason(
            message, [await _read_message(each, converter) for each in _list_causes(failure)]
        )
    name = failure.application_failure_info.type
    return f"{name}: {message}" if name else message


def _list_causes(failure: Failure) -> list[Failure]:
    causes: list[Failure] = []
    while failure.HasField("cause"):
        failure = failure.cause
        causes.append(failure)
    return causes


async def _read_message(failure: Failure, converter: DataConverter) -> str:
    if not failure.HasField("encoded_attributes"):
        return failure.message
    try:
        [attributes] = await converter.decode([failure.encoded_attributes])
    except Exception:  # the key is missing here: what is not encrypted is shown all the same
        return failure.message
    if not isinstance(attributes, dict):  # another failure converter has written it
        return failure.message
    return cast(dict[str, str], attributes).get("message", failure.message)
