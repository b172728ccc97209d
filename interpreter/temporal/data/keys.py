"""The keys that payloads are encrypted with: where they come from, and how they are replaced.

A source of keys is a function without parameters. It returns the keys by their ids: the first one encrypts, and all
of them decrypt. It is called again once a minute, and as soon as a payload names a key that is not known. So keys are
replaced without a restart. No message holds a key, or a part of one.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from interpreter.temporal.problem import TemporalProblem

KeySource: TypeAlias = Callable[[], dict[str, bytes]]
"""Returns the keys: id → 32 bytes. The order counts, because the first key encrypts."""

KEY_BYTES = 32
REFRESH_INTERVAL = 60.0
"""Seconds after which the source is asked again."""
SHORTEST_INTERVAL = 1.0
"""Seconds between two questions, however many payloads name a key that is not known."""

FORM = "write keys as ID:BASE64, separated by commas or white space; `openssl rand -base64 32` makes a key"
_KEY = re.compile(r"([A-Za-z0-9._-]{1,64}):([A-Za-z0-9+/_-]+={0,2})")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_logger = logging.getLogger(__name__)


class EncryptionProblem(TemporalProblem):
    """Payloads can't be encrypted or decrypted here."""


def keys_from_environment(name: str) -> KeySource:
    """Take keys from an environment variable, which a process reads once: a rotation takes a restart."""

    def read() -> dict[str, bytes]:
        text = os.environ.get(name)
        if not text:
            raise EncryptionProblem(
                f"the environment variable {name}, which holds the keys, is not set", FORM
            )
        return parse_keys(text, f"the environment variable {name}")

    return read


def keys_from_file(path: str | Path) -> KeySource:
    """Take keys from a file, such as a mounted secret."""

    def read() -> dict[str, bytes]:
        try:
            text = Path(path).read_text(encoding="utf-8")
        except OSError as error:
            raise EncryptionProblem(
                f"{path}, which holds the keys, can't be read: {error.strerror}"
            ) from None
        except UnicodeDecodeError:
            raise EncryptionProblem(f"{path}, which holds the keys, is no text", FORM) from None
        return parse_keys(text, str(path))

    return read


def parse_keys(text: str, where: str) -> dict[str, bytes]:
    """Read keys from text: `2026-05:BASE64,2026-01:BASE64`.

    Args:
        text: The keys, separated by commas or white space.
        where: The place they come from, for messages.

    Raises:
        EncryptionProblem: the text has another form. The message does not repeat it.
    """
    keys: dict[str, bytes] = {}
    for number, word in enumerate(re.split(r"[\s,]+", text.strip(" \t\r\n,")), 1):
        found = _KEY.fullmatch(word)
        if found is None:
            raise EncryptionProblem(
                f"{where}: the key number {number} does not have the form ID:BASE64", FORM
            )
        key_id, encoded = found.groups()
        if key_id in keys:
            raise EncryptionProblem(f'{where}: two keys have the id "{key_id}"')
        keys[key_id] = _decode_key(encoded, f'{where}: the key "{key_id}"')
    return keys


def _decode_key(encoded: str, what: str) -> bytes:
    try:
        return base64.b64decode(encoded.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error:
        raise EncryptionProblem(f"{what} is no base64", FORM) from None


class KeyRing:
    """A `KeyRing` holds the keys of one source, and asks the source again from time to time."""

    def __init__(self, source: KeySource) -> None:
        """
        Raises:
            EncryptionProblem: the source has no keys, or what it has are none.
        """
        self._source = source
        self._keys = _check_keys(source())
        self._read_at = time.monotonic()

    async def get_first(self) -> tuple[str, bytes]:
        """Return the key that encrypts, and its id. If the source has failed meanwhile, the last keys go on."""
        if time.monotonic() - self._read_at >= REFRESH_INTERVAL:
            try:
                await self._refresh()
            except Exception as error:
                _logger.warning("the keys for payloads can't be read again, so the last ones stay: %s", error)
        return next(iter(self._keys.items()))

    async def find(self, key_id: str) -> bytes:
        """Return a key.

        Raises:
            EncryptionProblem: the source does not have it.
        """
        reason = ""
        if key_id not in self._keys and time.monotonic() - self._read_at >= SHORTEST_INTERVAL:
            try:
                await self._refresh()
            except Exception as error:
                reason = f"; they could not be read again: {error}"
        if key_id not in self._keys:
            known = ", ".join(f'"{each}"' for each in self._keys)
            raise EncryptionProblem(
                f'the key "{key_id}", with which a payload was encrypted, is not among the keys here '
                f"({known}){reason}"
            )
        return self._keys[key_id]

    async def _refresh(self) -> None:
        self._read_at = time.monotonic()  # before: whoever comes meanwhile goes on with what there is
        self._keys = _check_keys(await asyncio.to_thread(self._source))


def _check_keys(keys: dict[Any, Any] | None) -> dict[str, bytes]:
    if not isinstance(keys, dict) or not keys:
        raise EncryptionProblem("the source of the keys must return a dict with at least one key, by its id")
    checked = dict(keys)
    for key_id, key in checked.items():
        if not isinstance(key_id, str) or not _ID.fullmatch(key_id):
            raise EncryptionProblem(
                f"the id of a key must have 1 to 64 letters, digits, dots, hyphens or underscores, found {key_id!r}"
            )
        if not isinstance(key, bytes) or len(key) != KEY_BYTES:
            size = f"{len(key)} bytes" if isinstance(key, bytes) else f"a {type(key).__name__}"
            raise EncryptionProblem(f'the key "{key_id}" must have {KEY_BYTES} bytes, found {size}', FORM)
    return checked
