"""Look for a value in what a test has left behind: histories, logs, outputs, however it is written there.

The forms are made by Python's own functions, and by no code of Stepfile's.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus


def list_forms(value: str) -> dict[str, bytes]:
    """List how a value may be written, by what the form is called."""
    data = value.encode()
    forms = {
        "plain": data,
        "JSON": json.dumps(value)[1:-1].encode(),
        "JSON in JSON": json.dumps(json.dumps(value))[3:-3].encode(),
        "repr": repr(value)[1:-1].encode(),
        "URL": quote(value, safe="").encode(),
        "path": quote(value).encode(),
        "query": quote_plus(value).encode(),
        "HTML": html.escape(value).encode(),
    }
    for before in range(3):  # where it begins in what was encoded decides how it looks
        encoded = base64.b64encode(bytes(before) + data)
        core = encoded[(0, 2, 3)[before] : (before + len(data)) * 8 // 6]
        forms[f"base64, {before} before"] = core
        forms[f"urlsafe base64, {before} before"] = core.replace(b"+", b"-").replace(b"/", b"_")
    return forms


def find_leaks(value: str, *dumps: str | bytes) -> list[str]:
    """Find the forms of a value in texts, each with what stands around it."""
    data = [dump.encode() if isinstance(dump, str) else dump for dump in dumps]
    return list(_find_leaks(value, data))


def _find_leaks(value: str, dumps: list[bytes]) -> Iterator[str]:
    for name, form in list_forms(value).items():
        for dump in dumps:
            place = dump.find(form)
            if place >= 0:
                yield f"{name}: {dump[max(place - 60, 0) : place + len(form) + 20]!r}"
