"""Error types: those that mean something here, and those of definitions as the server matches them."""

from __future__ import annotations

from collections.abc import Iterable

WORKER_SHUTDOWN = "WorkerShutdown"
"""What temporalio reports when a worker stops in the middle of an attempt: nobody knows how far it came."""

INVALID_RESULT = "InvalidResult"
"""The activity has returned, but nothing that a definition could use."""

TOO_LARGE = "TooLarge"
"""Arguments or a result that the server would refuse."""

UNCERTAIN = (
    *(WORKER_SHUTDOWN, INVALID_RESULT, TOO_LARGE, "Http.Network", "Http.Response", "Http.TooLarge"),
    *(f"Http.{status}" for status in (301, 302, 303, 502, 504, 520, 524)),
)
"""Errors after which the activity may have done its work."""

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
