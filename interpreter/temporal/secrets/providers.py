"""Where the values of secrets come from."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

ENVIRONMENT_PREFIX = "STEPFILE_SECRET_"
"""Only variables that begin with it are secrets: a definition can't read the rest of a worker's environment."""


class SecretProvider(Protocol):
    """Looks up the value of a secret: a function, plain or async, or an object that can be called like one.

    It is asked at most once in the time for which values are kept, so that it should not keep them itself. A plain
    function is called in a thread.
    """

    def __call__(self, name: str, /) -> str | Awaitable[str | None] | None:
        """Return the value of a secret; None if there is no such secret.

        Any exception means that it can't be said now, and the attempt is repeated. The error that the run sees has
        the name of the exception's class only, because its text might hold a value.

        Args:
            name: Letters, digits and `_`, beginning with a letter.
        """
        ...


@dataclass(frozen=True, slots=True)
class EnvironmentSecrets:
    """Secrets are variables of the worker's environment: `STEPFILE_SECRET_TOKEN` is the secret `TOKEN`."""

    async def __call__(self, name: str, /) -> str | None:
        """Return the value of a variable; None if it is not set."""
        return os.environ.get(ENVIRONMENT_PREFIX + name)

    def describe_place(self, name: str) -> str:
        """Say where a secret is looked for."""
        return f"the environment variable {ENVIRONMENT_PREFIX}{name}"


@dataclass(frozen=True, slots=True)
class FileSecrets:
    """Secrets are files of one folder, as Kubernetes and Docker mount them. The name of the file is the secret's."""

    folder: Path

    async def __call__(self, name: str, /) -> str | None:
        """Return the text of a file without the end of its last line; None if there is no such file.

        Raises:
            OSError: the folder is missing, or the file can't be read.
            UnicodeDecodeError: the file is not text in UTF-8.
        """
        return await asyncio.to_thread(self._read, name)

    def _read(self, name: str) -> str | None:
        try:
            data = (self.folder / name).read_bytes()
        except FileNotFoundError:
            if not self.folder.is_dir():
                raise
            return None
        return data.decode().removesuffix("\n").removesuffix("\r")

    def describe_place(self, name: str) -> str:
        """Say where a secret is looked for."""
        return f"the file {self.folder / name}"


def describe_place(provider: SecretProvider, name: str) -> str:
    """Say where a provider looks for a secret."""
    if isinstance(provider, EnvironmentSecrets | FileSecrets):
        return provider.describe_place(name)
    return f"the provider {getattr(provider, '__qualname__', type(provider).__qualname__)}"
