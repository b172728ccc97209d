"""The values of secrets that this process has filled in are replaced before anything leaves it.

They are kept for the whole process, because logs and tracebacks do not say to which activity they belong. A value
that was rotated stays known, until many others have come after it.
"""

from __future__ import annotations

import threading
from typing import Any

from interpreter.redaction.redactor import Redactor

MOST_VALUES = 200
"""So many values are remembered; then the one that was filled in longest ago is forgotten."""

_lock = threading.Lock()
_values: dict[str, str] = {}
"""Value → label; the last one filled in is the last."""
_redactor = Redactor()


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
        _redactor = Redactor(_values.items())


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


def redact_value(value: Any) -> Any:
    """Replace the values of secrets in JSON-like data. Without one it is returned as it is, the very object."""
    return _redactor.redact_value(value)


def find_secret(value: Any) -> str | None:
    """Say which secret JSON-like data holds, as `[secret NAME]`; None if it holds none."""
    return _redactor.find_label(value)
