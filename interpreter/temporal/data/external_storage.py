"""What external storage a data converter has, in the terms of a request."""

from __future__ import annotations

from temporalio.converter import DataConverter

from interpreter.temporal.wire.storage_limits import StorageLimits


def find_storage_limits(converter: DataConverter) -> StorageLimits | None:
    """Return the limits of the runs that a client with this data converter starts; None if it has no storage."""
    storage = converter.external_storage
    return None if storage is None else StorageLimits(storage.payload_size_threshold)
