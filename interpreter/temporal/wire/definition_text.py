"""The texts of a definition on the wire: as they are, or compressed when they are large.

A definition travels with every run, and with every child, so it is in many histories. Small texts stay readable in
Temporal's UI. Large ones are compressed: zlib, then base64, since the arguments of a run are JSON.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from dsl.scalars.json_value import JsonValue
from interpreter.program.model import Bundle

COMPRESS_FROM = 8 * 1024
"""Bytes of text from which on it is compressed. Measured: docs/decisions/022-wire-format.md."""

LARGEST_BUNDLE = 32 * 1024 * 1024
"""Bytes that a compressed bundle may have; more is not unpacked."""


@lru_cache(maxsize=16)
def encode_texts(bundle: Bundle) -> Mapping[str, Any]:
    """Write the texts of a bundle: `text` and `files`, or both in `compressed`."""
    texts: dict[str, Any] = {"text": bundle.text}
    if bundle.files:
        texts["files"] = dict(bundle.files)
    size = sum(len(text) for text in (bundle.text, *(text for _, text in bundle.files)))
    if size < COMPRESS_FROM:
        return texts
    packed = zlib.compress(json.dumps(texts, ensure_ascii=False).encode(), level=9)
    return {"compressed": base64.b64encode(packed).decode()}


def decode_definition(definition: dict[str, Any]) -> tuple[Bundle, str | None]:
    """Read the `definition` of a request that was written here: the texts, and which of its definitions is run.

    Raises:
        ValueError: as of `decode_texts`.
    """
    return decode_texts(definition), definition.get("entry")


def decode_texts(data: dict[str, Any]) -> Bundle:
    """Read the texts of a bundle.

    Raises:
        ValueError: they are not there, can't be unpacked, or are no texts.
    """
    if "compressed" in data:
        if "text" in data or "files" in data:
            raise ValueError("definition must have either compressed, or text and files")
        data = _unpack(data["compressed"])
    text: JsonValue = data.get("text")
    files: JsonValue = data.get("files", {})
    if not isinstance(text, str):
        raise ValueError("text must be the YAML text of the definition")
    if not isinstance(files, dict) or not all(isinstance(each, str) for each in files.values()):
        raise ValueError("files must map the name of each further definition to its text")
    return Bundle(text, tuple(sorted(files.items())))


def _unpack(packed: object) -> dict[str, Any]:
    if not isinstance(packed, str):
        raise ValueError("compressed must be text: base64 of zlib of JSON")
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(base64.b64decode(packed, validate=True), LARGEST_BUNDLE)
        if not unpacker.eof:
            raise ValueError("compressed is cut off, or too large")
        texts: JsonValue = json.loads(data)
    except (zlib.error, ValueError) as error:
        raise ValueError(f"compressed can't be unpacked: {error}") from None
    if not isinstance(texts, dict):
        raise ValueError("compressed must hold a map with text and files")
    return texts
