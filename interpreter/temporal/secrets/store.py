"""A worker asks its provider for secrets when it makes an attempt, and keeps the values for a short time."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Iterable
from typing import Any

from dsl.expressions.secret_text import SECRET_NAME, is_secret_name
from interpreter.temporal.secrets.providers import describe_place
from interpreter.temporal.secrets.redaction import learn_secret
from interpreter.temporal.secrets.settings import SecretSettings

_LOG = logging.getLogger("stepfile.secrets")


class SecretNotFound(Exception):
    """There is no such secret. The attempt fails, and may be repeated."""


class SecretUnavailable(Exception):
    """The provider can't say what the value of a secret is. The attempt fails, and may be repeated."""


class SecretStore:
    """The secrets of one worker, or of all workers of a client that has the plugin."""

    def __init__(self, settings: SecretSettings) -> None:
        """
        Raises:
            SecretSettingsProblem: the provider can't be imported.
        """
        self._provider = settings.load_provider()
        self.allowed = settings.allow
        """Name → who may get it, see `destinations`."""
        self._seconds = settings.cache.total_seconds()
        self._kept: dict[str, tuple[str, float]] = {}
        """Name → value, and until when it is kept."""

    async def look_up(self, names: Iterable[str]) -> dict[str, str]:
        """Look up values. From then on nothing that leaves the process shows them, see `redaction`.

        Raises:
            SecretNotFound: there is no secret with one of the names.
            SecretUnavailable: the provider has failed.
        """
        names = list(names)
        values = await asyncio.gather(*map(self._look_up, names))
        return dict(zip(names, values, strict=True))

    async def _look_up(self, name: str) -> str:
        value, until = self._kept.get(name, ("", 0.0))
        if time.monotonic() >= until:
            value = await self._ask(name)
            self._kept[name] = value, time.monotonic() + self._seconds
        learn_secret(name, value)
        return value

    async def _ask(self, name: str) -> str:
        if not is_secret_name(name):  # a payload that was made by hand
            raise SecretNotFound(f"no secret can have the name {name!r}: it has {SECRET_NAME}")
        place = describe_place(self._provider, name)
        try:
            found = await self._call_provider(name)
        except Exception as error:
            _LOG.warning("no value of secret %s from %s", name, place, exc_info=True)
            kind = type(error).__name__
            raise SecretUnavailable(
                f"secret {name} can't be read from {place}: {kind}; the log of the worker has more"
            ) from None
        if found is None:
            raise SecretNotFound(f"there is no secret {name}: the worker looks for it in {place}")
        if not isinstance(found, str):
            raise SecretUnavailable(f"secret {name} from {place} is {type(found).__name__}, and not text")
        if not found:
            raise SecretNotFound(f"secret {name} is empty: the worker has found no text in {place}")
        return found

    async def _call_provider(self, name: str) -> Any:
        is_async = inspect.iscoroutinefunction(self._provider) or inspect.iscoroutinefunction(
            self._provider.__call__
        )
        found = self._provider(name) if is_async else await asyncio.to_thread(self._provider, name)
        return await found if inspect.isawaitable(found) else found
