"""The failure of an activity is made small enough that its type and message arrive everywhere.

The server keeps at most 4 KB of the failure of an attempt that it will repeat. A larger one is hidden inside a
failure with the message "Failure exceeds size limit.", and a long stack trace suffices for that. A failure of more
than 2 MB it does not take at all: then the type is lost, and with it what the retry policy says.

So stack traces give way first, and of a message only its beginning is sent. The log of the worker has all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, cast

from temporalio import activity
from temporalio.api.failure.v1 import Failure
from temporalio.converter import (
    DataConverter,
    FailureConverter,
    PayloadConverter,
    SerializationContext,
    WithSerializationContext,
)

from interpreter.failure.failure import cut_message
from interpreter.temporal.secrets.payloads import redact_message
from interpreter.temporal.wire.names import is_stepfile_type
from interpreter.temporal.wire.payloads import MAXIMUM_BYTES

MAXIMUM_PENDING_BYTES = 3_500
"""What the server keeps of an attempt that it will repeat is 4,096 bytes; the rest is for what a codec may add."""

MAXIMUM_ENCODED_BYTES, CODEC_BYTES = 4_000, 160
"""What is kept where messages and traces were moved into payloads for a codec. Each payload of the failure then grows
by what `interpreter.temporal.data.encryption` adds at most. If the server cuts that failure, its message is lost."""

MINIMUM_TRACE_BYTES = 500
"""So much is kept of each stack trace, also beside large details."""

MAXIMUM_CAUSES = 10

_FRAME_OF_THE_WORKER = re.compile(
    r'  File "[^"]*[/\\](temporalio[/\\]worker|interpreter[/\\]temporal[/\\](worker|observing))[/\\]\w+\.py"'
)
"""The frames through which a worker calls an activity. They are the same for every activity."""


class TrimmedFailures(FailureConverter, WithSerializationContext):
    """A failure converter that trims the failures of activities that Stepfile's runs have called.

    In the failures of all activities it replaces the values of secrets.
    All the converting is done by the user's converter, or by that of temporalio.
    """

    inner_class: ClassVar[type[FailureConverter]]

    def __init__(self, inner: FailureConverter | None = None) -> None:
        """
        Args:
            inner: The converter that does the work; without it one of `inner_class` is made.
        """
        self._inner = self.inner_class() if inner is None else inner

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
    ) -> None:
        """Convert an exception, and trim what comes of it; in a workflow only convert it."""
        self._inner.to_failure(exception, payload_converter, failure)
        if not activity.in_activity():
            return
        redact_message(failure)  # before a text is cut in the middle of a value
        if is_stepfile_type(activity.info().workflow_type or ""):
            trim_failure(failure, payload_converter)

    def from_failure(self, failure: Failure, payload_converter: PayloadConverter) -> BaseException:
        """Convert a failure as the inner converter does."""
        return self._inner.from_failure(failure, payload_converter)

    def with_context(self, context: SerializationContext) -> TrimmedFailures:
        """Hand the context on to the inner converter.

        It would tell what is converted, too. But for another converter temporalio copies the data converter, for
        each payload: that was a twentieth of what a run takes.
        """
        bind = getattr(self._inner, "with_context", None)
        return self if bind is None else type(self)(bind(context))


def trim_failures(converter: DataConverter) -> DataConverter:
    """Make a data converter that is the same, and trims the failures of activities."""
    given = converter.failure_converter_class
    if issubclass(given, TrimmedFailures):
        return converter
    # temporalio makes the converter itself, so it wants a class
    adapted = type(TrimmedFailures.__name__, (TrimmedFailures,), {"inner_class": given})
    return replace(converter, failure_converter_class=adapted)


def trim_failure(failure: Failure, payload_converter: PayloadConverter) -> None:
    """Trim a failure in place: its messages, its stack traces, and causes that are too many or too large.

    Args:
        failure: What an activity has failed with.
        payload_converter: Reads and writes what was moved into a payload, so that a codec encrypts it.
    """
    texts = [_Texts(each, payload_converter) for each in _chain(failure)]
    for each in texts:
        each.cut_message()
    if failure.ByteSize() > MAXIMUM_BYTES:
        # The details of a cause are too large. Those of the error itself were looked at before.
        failure.ClearField("cause")
        texts = texts[:1]
    if (excess := _measure_excess(failure)) > 0:
        left = sum(len(each.trace.encode()) for each in texts) - excess
        share = max(left // len(texts), MINIMUM_TRACE_BYTES)
        for each in texts:
            each.cut_trace(share)
    if failure.HasField("encoded_attributes"):
        _drop_causes(failure)


def _measure_excess(failure: Failure) -> int:
    """How many bytes a failure has more than the server keeps."""
    if not failure.HasField("encoded_attributes"):
        return failure.ByteSize() - MAXIMUM_PENDING_BYTES
    payloads = sum(1 + len(each.application_failure_info.details.payloads) for each in _chain(failure))
    return failure.ByteSize() + payloads * CODEC_BYTES - MAXIMUM_ENCODED_BYTES


def _drop_causes(failure: Failure) -> None:
    """Drop the innermost causes until the rest fits, unless even the failure alone is too large."""
    chain = list(_chain(failure))
    alone = Failure()
    alone.CopyFrom(failure)
    alone.ClearField("cause")
    if _measure_excess(alone) > 0:
        return
    while len(chain) > 1 and _measure_excess(failure) > 0:
        chain.pop()
        chain[-1].ClearField("cause")


def _chain(failure: Failure) -> Iterator[Failure]:
    for _ in range(MAXIMUM_CAUSES):
        yield failure
        if not failure.HasField("cause"):
            return
        failure = failure.cause
    failure.Clear()
    failure.message = "further causes were left out"


class _Texts:
    """The message and the stack trace of a failure, wherever they stand in it."""

    def __init__(self, failure: Failure, payload_converter: PayloadConverter) -> None:
        self._failure, self._payload_converter = failure, payload_converter
        self.message, self.trace = failure.message, failure.stack_trace
        self._encoded = _read_encoded(failure, payload_converter)
        if self._encoded is not None:
            self.message, self.trace = self._encoded["message"], self._encoded["stack_trace"]

    def cut_message(self) -> None:
        cut = cut_message(self.message)
        if cut != self.message:
            self.message = cut
            self._write()

    def cut_trace(self, most: int) -> None:
        if len(self.trace.encode()) > most:
            self.trace = cut_trace(self.trace, most)
            self._write()

    def _write(self) -> None:
        if self._encoded is None:
            self._failure.message, self._failure.stack_trace = self.message, self.trace
            return
        texts = {**self._encoded, "message": self.message, "stack_trace": self.trace}
        self._failure.encoded_attributes.CopyFrom(self._payload_converter.to_payload(texts))


def _read_encoded(failure: Failure, payload_converter: PayloadConverter) -> dict[str, str] | None:
    """Read what temporalio's own converter has moved into a payload; None if there is nothing, or something else."""
    if not failure.HasField("encoded_attributes"):
        return None
    try:
        decoded = payload_converter.from_payload(failure.encoded_attributes)
    except Exception:  # the user's converter has written what only that can read
        return None
    texts = cast(dict[str, str], decoded) if isinstance(decoded, dict) else {}
    return texts if {"message", "stack_trace"} <= texts.keys() else None


def cut_trace(trace: str, most: int) -> str:
    """Leave out frames of a stack trace: those of the worker, then those in the middle.

    Args:
        trace: As `traceback.format_tb` writes it, with an empty line between two frames.
        most: How many bytes the frames that are kept may have.
    """
    frames = trace.rstrip("\n").split("\n\n")
    while len(frames) > 1 and _FRAME_OF_THE_WORKER.match(frames[0]):
        del frames[0]
    first: list[str] = []
    last: list[str] = []
    while frames:
        from_end = len(last) <= len(first)
        frame = frames[-1 if from_end else 0]
        most -= len(frame.encode()) + 2
        if most < 0:
            break
        frames.pop(-1 if from_end else 0)
        (last if from_end else first).append(frame)
    omitted = [f"  (left out here: {len(frames)} of the frames)"] if frames else []
    return "\n\n".join([*first, *omitted, *reversed(last)]) + "\n"
