"""Error types of definitions as the server matches them."""

from __future__ import annotations

from collections.abc import Iterable

SERVER_START_TO_CLOSE = "TemporalTimeout:StartToClose"
SERVER_HEARTBEAT = "TemporalTimeout:Heartbeat"

_TIMEOUTS = {
    "Timeout.StartToClose": (SERVER_START_TO_CLOSE,),
    "Timeout.Heartbeat": (SERVER_HEARTBEAT,),
    "Timeout": (SERVER_START_TO_CLOSE, SERVER_HEARTBEAT),
}
"""The two timeouts that the server retries; the others are final anyway."""


def to_server_types(types: Iterable[str]) -> list[str]:
    """The names to put into a retry policy's `non_retryable_error_types`, in the order given."""
    return [name for error_type in types for name in _TIMEOUTS.get(error_type, (error_type,))]


def to_language_type(server_type: str) -> str:
    """The name that definitions have for a type of error."""
    return _NAMES.get(server_type, server_type)


_NAMES = {SERVER_START_TO_CLOSE: "Timeout.StartToClose", SERVER_HEARTBEAT: "Timeout.Heartbeat"}
