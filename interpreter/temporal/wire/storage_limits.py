"""How much fits where a run keeps large payloads in external storage, and only references to them are sent.

The numbers stand in the request of the run. So the course of a run depends on the client that has started it, and
never on which storage a worker has. A worker that has none can't read the references: its workflow task fails, and
another worker may take it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.api.common.v1 import Payload

from interpreter.temporal.wire.payloads import MAXIMUM_BYTES, find_excess, measure_payloads

MOST_STORED_BYTES = 16_000_000
"""Bytes. A workflow must answer within two seconds, and Python reads and checks 16 MB of JSON in about 0.6 s."""

REFERENCE_BYTES = 1_000
"""What a reference is taken to have. The driver decides what it really has. Part of replay: never change it."""


@dataclass(frozen=True, slots=True)
class StorageLimits:
    """How a client that has external storage bounds the payloads of the runs that it starts."""

    stored_from: int
    """Bytes from which on a payload is stored. It is measured before a codec has changed it."""
    most: int = MOST_STORED_BYTES
    """Bytes that payloads which are sent together may have, if all of them are stored."""

    def weigh(self, payload: Payload) -> int:
        """Weigh a payload so that a sum of weights may be as large as a sum of bytes without storage.

        A payload that is stored weighs less than it has bytes, in proportion to the two bounds.
        """
        size = payload.ByteSize()
        if size < self.stored_from:
            return size
        return max(REFERENCE_BYTES, size * MAXIMUM_BYTES // self.most)

    def scale(self, most: int) -> int:
        """Return how many stored bytes weigh as much as `most` bytes that are sent."""
        return most * self.most // MAXIMUM_BYTES

    def to_json(self) -> dict[str, Any]:
        """Write the limits into a request, or into the header of a call."""
        return {"stored_from": self.stored_from, "most": self.most}

    @staticmethod
    def of(data: Mapping[str, Any]) -> StorageLimits:
        """Read what `to_json` has written.

        Raises:
            ValueError: a client has sent something else.
        """
        unknown = data.keys() - {"stored_from", "most"}
        if unknown:
            raise ValueError(f'"{min(unknown)}" is not a key of limits.external_storage')
        limits = StorageLimits(data.get("stored_from", -1), data.get("most", MOST_STORED_BYTES))
        if not _is_number(limits.stored_from) or limits.stored_from < 0:
            raise ValueError("limits.external_storage.stored_from must be a whole number from 0 on")
        if not _is_number(limits.most) or limits.most < MAXIMUM_BYTES:
            raise ValueError(f"limits.external_storage.most must be a whole number from {MAXIMUM_BYTES} on")
        return limits


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def weigh_payloads(payloads: Iterable[Payload], storage: StorageLimits | None) -> int:
    """Weigh what is sent together; without storage that is its size in bytes."""
    if storage is None:
        return measure_payloads(payloads)
    return sum(map(storage.weigh, payloads))


def find_excess_weight(
    payloads: Sequence[Payload], what: str, storage: StorageLimits | None, most: int = MAXIMUM_BYTES
) -> str | None:
    """The complaint about payloads that can't be sent together; None when they can.

    Args:
        payloads: What is sent.
        what: How to call it.
        storage: The limits of the run; None if it has no external storage.
        most: How many bytes may be sent.
    """
    if storage is None:
        return find_excess(payloads, what, most)
    if weigh_payloads(payloads, storage) <= most:
        return None
    return (
        f"{what} can't be sent: {measure_payloads(payloads):,} bytes; {describe_room(storage, most)}; pass a "
        "reference to the data instead"
    )


def describe_room(storage: StorageLimits | None, most: int = MAXIMUM_BYTES) -> str:
    """Say how much fits."""
    if storage is None:
        return f"at most {most:,} fit"
    return (
        f"at most {storage.scale(most):,} fit into external storage, and {most:,} into a message, which has all "
        f"payloads below {storage.stored_from:,} bytes"
    )
