"""Payloads and failures of a history are decoded, and secret values in them replaced."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure as TemporalFailure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.converter import DataConverter

from interpreter.failure.failure import Failure
from interpreter.temporal.client.decoding import (
    UNDECODED,
    Undecodable,
    translate_decoding_errors,
)
from interpreter.temporal.client.history.start import RunStart
from interpreter.temporal.client.kept_failures import read_failure

WITHHELD = "(not shown: nobody knows here which values are secret)"
"""Stands for messages of errors when the definition of the run can't be read."""

_KEY = re.compile(r"\[(?!\d+\])[^\[\]]*\]")
"""The key of an item in the path of a step; a number is none."""


@dataclass(slots=True, eq=False)
class Reading:
    """A `Reading` is what all who read the history of one run need."""

    converter: DataConverter
    workflow_id: str
    start: RunStart = field(default_factory=RunStart)
    """What the run was started with; its first event tells."""
    undecodable: str | None = None
    """Why some payloads can't be decoded here; None while all could."""

    def redact_name(self, name: str) -> str:
        """Replace secret values of the input in the path of a step, in an id, or in the type of an error.

        Where nobody knows which values are secret, the keys of items are left out.
        """
        redactor = self.start.redactor
        return _KEY.sub("[…]", name) if redactor is None else redactor.redact_text(name)

    def redact_message(self, message: str) -> str:
        """Replace secret values of the input in the message of an error, or in another text that may hold any."""
        redactor = self.start.redactor
        return WITHHELD if redactor is None else redactor.redact_text(message)

    async def decode(self, payloads: Sequence[Payload]) -> list[Any] | None:
        """Decode payloads; None if that is not possible here, and then `undecodable` says why."""
        try:
            with translate_decoding_errors():
                return await self.converter.decode(payloads)
        except Undecodable as error:
            self.undecodable = self.undecodable or error.message
            return None

    async def read_failure(self, failure: TemporalFailure) -> Failure:
        """Read why something failed, without secret values."""
        shown = await self.read_shown_failure(failure)
        message = shown.message if shown.message == UNDECODED else self.redact_message(shown.message)
        return Failure(self.redact_name(shown.type), message)

    async def read_shown_failure(self, failure: TemporalFailure) -> Failure:
        """Read a failure that has no secret values, because the run itself has replaced them."""
        kind, message = await read_failure(failure, self.converter)
        return Failure(kind or "Failure", message)

    async def read_summary(self, event: HistoryEvent) -> str | None:
        """Read the text that Temporal's UI shows beside an event; None if there is none, or it can't be decoded."""
        if not event.user_metadata.HasField("summary"):
            return None
        decoded = await self.decode([event.user_metadata.summary])
        return None if decoded is None else self.redact_message(str(decoded[0]))


def read_time(event: HistoryEvent) -> datetime:
    """When an event was written."""
    return event.event_time.ToDatetime(UTC)
