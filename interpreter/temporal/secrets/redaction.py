"""The values of secrets that this process has filled in are replaced before anything leaves it.

They are kept for the whole process, because logs and tracebacks do not say to which activity they belong. A value
that was rotated stays known, until many others have come after it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from dsl.redaction.redactor import SHORTEST_INSIDE, Redactor

MOST_VALUES = 200
"""So many values are remembered; then the one that was filled in longest ago is forgotten."""

SHORTEST_PART = 8
"""Characters. A shorter part of a URL is not replaced where it stands alone."""

_LOG = logging.getLogger("stepfile.secrets")
_lock = threading.Lock()
_values: dict[str, str] = {}
"""Value → label; the last one filled in is the last."""
_redactor = Redactor()
_of_attempt: ContextVar[Redactor | None] = ContextVar("stepfile_hidden_of_attempt", default=None)


def learn_secret(name: str, value: str) -> None:
    """Remember a value that is filled in from now on, so that it is replaced by `[secret NAME]`."""
    global _redactor
    with _lock:
        known = _values.pop(value, None) is not None
        _values[value] = f"[secret {name}]"
        if known:
            return
        if len(_values) > MOST_VALUES:
            del _values[next(iter(_values))]
        _redactor = Redactor((form, label) for value, label in _values.items() for form in _list_forms(value))
    if len(value) < SHORTEST_INSIDE:
        warning = "secret %s has less than %d characters: it is replaced only where it is a whole text"
        _LOG.warning(warning, name, SHORTEST_INSIDE)


def forget_secrets() -> None:
    """Forget all values. This is for tests."""
    global _redactor
    with _lock:
        _values.clear()
        _redactor = Redactor()


def knows_secrets() -> bool:
    """Say whether there is anything to replace."""
    return bool(_values)


def redact_text(text: str) -> str:
    """Replace the values of secrets in a text, also where they are escaped or encoded in base64."""
    return _redactor.redact_text(text)


def hide_from_people(redactor: Redactor) -> None:
    """Replace further values in what this attempt of an activity shows to people, until the task that makes it ends.

    They are secret inputs (`writeOnly`). The run gets them as they are, in results and errors.
    """
    _of_attempt.set(redactor)


def hides_from_people() -> bool:
    """Say whether there is anything to replace in what is shown to people."""
    return bool(_values) or _of_attempt.get() is not None


def redact_shown_text(text: str) -> str:
    """Replace, in a text for a log or a trace, the values of secrets and the secret inputs of the attempt."""
    of_attempt = _of_attempt.get()
    return _redactor.redact_text(text if of_attempt is None else of_attempt.redact_text(text))


def redact_shown_value(value: Any) -> Any:
    """Replace the same in JSON-like data."""
    of_attempt = _of_attempt.get()
    return _redactor.redact_value(value if of_attempt is None else of_attempt.redact_value(value))


def redact_bytes(data: bytes) -> bytes:
    """Replace the values of secrets in a text in UTF-8. Without one it is returned as it is, the very object."""
    if not _values:
        return data
    text = data.decode(errors="replace")
    redacted = _redactor.redact_text(text)
    return data if redacted is text else redacted.encode()


def redact_value(value: Any) -> Any:
    """Replace the values of secrets in JSON-like data. Without one it is returned as it is, the very object."""
    return _redactor.redact_value(value)


def find_secret(value: Any) -> str | None:
    """Say which secret JSON-like data holds, as `[secret NAME]`; None if it holds none."""
    return _redactor.find_label(value)


def _list_forms(value: str) -> Iterator[str]:
    """List the texts to look for. Of a URL, messages tell parts: the address without the query, or a path."""
    yield value
    if "://" not in value:
        return
    try:
        url = urlsplit(value)
    except ValueError:
        return
    host = url.netloc.rpartition("@")[2]
    parts = (
        *(f"{url.scheme}://{each}{url.path}" for each in (host, host.lower())),
        *(url.path, url.query, url.fragment, url.username, url.password),
        *(part for _, part in parse_qsl(url.query)),
    )
    yield from (part for part in parts if part and len(part) >= SHORTEST_PART)
