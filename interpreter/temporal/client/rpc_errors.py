"""Say what became of a request that Temporal has not carried out, or of which nobody knows whether it has."""

from __future__ import annotations

from temporalio.service import RPCError, RPCStatusCode

_LOST = frozenset(
    [
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.UNKNOWN,
        RPCStatusCode.INTERNAL,
    ]
)
"""With these a request may have been carried out: its answer has not come, or does not say it was refused."""


def is_answer_lost(error: RPCError) -> bool:
    """Whether the request may have been carried out in spite of this error."""
    return error.status in _LOST


def describe_rpc_error(error: RPCError) -> str:
    """Say whether Temporal has refused the request or has not answered, and what it says."""
    what = "Temporal has not answered" if is_answer_lost(error) else "Temporal refused"
    return f"{what}: {error.message} ({error.status.name})"
