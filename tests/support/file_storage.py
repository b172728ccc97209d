"""An external storage of the tests' own: one file for each payload."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    DataConverter,
    ExternalStorage,
    StorageDriver,
    StorageDriverClaim,
    StorageDriverRetrieveContext,
    StorageDriverStoreContext,
)


class FileStorage(StorageDriver):
    """A driver that stores payloads in a folder, under the hash of what is in them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def name(self) -> str:
        return "files"

    async def store(
        self, context: StorageDriverStoreContext, payloads: Sequence[Payload]
    ) -> list[StorageDriverClaim]:
        return [self._store(payload.SerializeToString()) for payload in payloads]

    async def retrieve(
        self, context: StorageDriverRetrieveContext, claims: Sequence[StorageDriverClaim]
    ) -> list[Payload]:
        files = (self._folder / claim.claim_data["file"] for claim in claims)
        return [Payload.FromString(file.read_bytes()) for file in files]

    def list_sizes(self) -> list[int]:
        """List the bytes of all files, the smallest first."""
        return sorted(file.stat().st_size for file in self._folder.iterdir())

    def _store(self, data: bytes) -> StorageDriverClaim:
        name = hashlib.sha256(data).hexdigest()
        (self._folder / name).write_bytes(data)
        return StorageDriverClaim({"file": name})


def store_large_payloads(
    driver: StorageDriver, *, threshold: int = 100_000, converter: DataConverter | None = None
) -> DataConverter:
    """Make a data converter that stores payloads from `threshold` bytes on."""
    storage = ExternalStorage(drivers=[driver], payload_size_threshold=threshold)
    return replace(converter or DataConverter.default, external_storage=storage)
