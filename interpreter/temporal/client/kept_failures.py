"""Failures as a server keeps them: in a form of its own, and of an attempt that it will repeat not all of it."""

from __future__ import annotations

from typing import cast

from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter
from temporalio.exceptions import TimeoutType

from interpreter.temporal.client.decoding import ENCODED_FAILURE, UNDECODED
from interpreter.temporal.wire.hidden_reasons import CUT_BY_SERVER, NOT_DECODED, add_reason
from interpreter.temporal.wire.server_error_types import to_language_type
from interpreter.temporal.wire.timeouts import TIMEOUT_NAMES


async def describe_pending_failure(failure: Failure, converter: DataConverter) -> str:
    """Describe a failure by its type and message: `ValueError: Invalid hotel ID`.

    Args:
        failure: What the server keeps of it.
        converter: Reads a message that was encrypted.
    """
    kind, message = await read_failure(failure, converter)
    if failure.HasField("timeout_failure_info"):
        return kind
    return f"{kind}: {message}" if kind else message


async def read_failure(failure: Failure, converter: DataConverter) -> tuple[str, str]:
    """Read the type and the message of a failure; the type is empty if it has none.

    Args:
        failure: As the server keeps it, in a history or for the next attempt.
        converter: Reads a message that was encrypted. If it can't, people are told so instead of the message.
    """
    if failure.message == CUT_BY_SERVER and failure.HasField("cause"):
        failure = failure.cause
    message = await _read_message(failure, converter)
    if failure.HasField("timeout_failure_info"):
        kind = TIMEOUT_NAMES.get(TimeoutType(failure.timeout_failure_info.timeout_type))
        return f"Timeout.{kind}", message
    if message == NOT_DECODED:
        message = add_reason(
            message, [await _read_message(each, converter) for each in _list_causes(failure)]
        )
    kind = failure.application_failure_info.type
    return to_language_type(kind), message


def _list_causes(failure: Failure) -> list[Failure]:
    causes: list[Failure] = []
    while failure.HasField("cause"):
        failure = failure.cause
        causes.append(failure)
    return causes


async def _read_message(failure: Failure, converter: DataConverter) -> str:
    plain = UNDECODED if failure.message == ENCODED_FAILURE else failure.message
    if not failure.HasField("encoded_attributes"):
        return plain
    try:
        [attributes] = await converter.decode([failure.encoded_attributes])
    except Exception:  # the key is missing here: what is not encrypted is shown all the same
        return plain
    if not isinstance(attributes, dict):  # another failure converter has written it
        return plain
    return cast(dict[str, str], attributes).get("message", plain)
