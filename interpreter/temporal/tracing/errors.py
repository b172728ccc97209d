"""What a span tells of an error: its type, and texts that are cut to a length that can be sent."""

from __future__ import annotations

import traceback

from opentelemetry.trace import Span, Status, StatusCode
from temporalio.exceptions import ApplicationError

from interpreter.temporal.tracing.names import ERROR_TYPE, EXCEPTION_MESSAGE, EXCEPTION_STACK, EXCEPTION_TYPE

LONGEST_MESSAGE = 1_000
LONGEST_STACK = 8_000
"""Letters. The end of a stack says most."""


def describe_error(span: Span, kind: str, message: str) -> None:
    """Say that what the span is about has failed."""
    span.set_attribute(ERROR_TYPE, kind)
    span.set_status(Status(StatusCode.ERROR, cut_message(f"{kind}: {message}")))


def record_exception(span: Span, error: BaseException) -> None:
    """Add an exception to a span, as OpenTelemetry's own `record_exception` does, but cut."""
    stack = "".join(traceback.format_exception(error, limit=-20, chain=False))
    span.add_event(
        "exception",
        {
            EXCEPTION_TYPE: get_type(error),
            EXCEPTION_MESSAGE: cut_message(get_message(error)),
            EXCEPTION_STACK: stack[-LONGEST_STACK:],
        },
    )


def get_type(error: BaseException) -> str:
    """The type of an error, as definitions name it."""
    return (error.type if isinstance(error, ApplicationError) else None) or type(error).__name__


def get_message(error: BaseException) -> str:
    """The message of an error, without its type."""
    return error.message if isinstance(error, ApplicationError) else str(error)


def cut_message(text: str) -> str:
    """Cut a text, and make it sendable."""
    return text[:LONGEST_MESSAGE].encode("utf-8", "replace").decode("utf-8")
