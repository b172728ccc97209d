"""The one codec of a failure: as plain data, and back.

A failure is written in two ways. What people see (`Failure.to_json`, in expressions, `status` and the details of a
failed run) has eight keys. What the next run must know has three more. Both are read by `decode_failure`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from interpreter.failure.failure import Failure, Outcome

_SHOWN = ("details", "step", "attempts", "timeout_type", "retry_state")


def encode_failure(failure: Failure) -> dict[str, Any]:
    """Write down all of a failure, for the next run."""
    after = failure.retry_after
    return {
        **failure.to_json(),
        "cause": encode_failure(failure.cause) if failure.cause else None,
        "non_retryable": failure.non_retryable,
        "outcome": failure.outcome.value,
        "retry_after": after.total_seconds() if after is not None else None,
    }


def decode_failure(data: Mapping[str, Any]) -> Failure:
    """Read a failure back, from all of it or from what people see of it."""
    cause: Mapping[str, Any] | None = data.get("cause")
    seconds = data.get("retry_after")
    shown: dict[str, Any] = {name: data.get(name) for name in _SHOWN}
    return Failure(
        str(data.get("type")),
        str(data.get("message")),
        **shown,
        cause=decode_failure(cause) if isinstance(cause, Mapping) else None,
        non_retryable=bool(data.get("non_retryable", False)),
        outcome=Outcome(data.get("outcome", Outcome.FAILED.value)),
        retry_after=timedelta(seconds=seconds) if seconds is not None else None,
    )
