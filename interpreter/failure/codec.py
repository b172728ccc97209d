"""Failures as plain data and back, for the next run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from interpreter.failure.failure import Failure, Outcome

_PLAIN = ("type", "message", "details", "step", "attempts", "timeout_type", "retry_state", "non_retryable")


def encode_failure(failure: Failure) -> dict[str, Any]:
    return {
        **{name: getattr(failure, name) for name in _PLAIN},
        "cause": encode_failure(failure.cause) if failure.cause else None,
        "outcome": failure.outcome.value,
        "retry_after": failure.retry_after.total_seconds() if failure.retry_after is not None else None,
    }


def decode_failure(data: dict[str, Any]) -> Failure:
    cause, seconds = data["cause"], data["retry_after"]
    return Failure(
        **{name: data[name] for name in _PLAIN},
        cause=decode_failure(cause) if cause is not None else None,
        outcome=Outcome(data["outcome"]),
        retry_after=timedelta(seconds=seconds) if seconds is not None else None,
    )
