"""Error types as definitions name them → as the server matches them."""

from __future__ import annotations

from collections.abc import Iterable

_TIMEOUTS = {
    "Timeout.StartToClose": ("TemporalTimeout:StartToClose",),
    "Timeout.Heartbeat": ("TemporalTimeout:Heartbeat",),
    "Timeout": ("TemporalTimeout:StartToClose", "TemporalTimeout:Heartbeat"),
}
"""The two timeouts that the server retries; the others are final anyway."""


def to_server(types: Iterable[str]) -> list[str]:
    """The names to put into a retry policy's `non_retryable_error_types`, in the order given."""
    return [name for error_type in types for name in _TIMEOUTS.get(error_type, (error_type,))]
