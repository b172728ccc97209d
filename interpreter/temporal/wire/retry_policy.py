"""Retry policies of definitions as Temporal's own."""

from __future__ import annotations

from typing import Any

from temporalio.common import RetryPolicy

from dsl import model
from interpreter.failure.retry import largest_maximum_attempts
from interpreter.temporal.wire.server_error_types import to_server_types


def to_temporal_policy(policy: model.RetryPolicy) -> RetryPolicy:
    """Build Temporal's retry policy; what is not said is Temporal's default."""
    said: dict[str, Any] = {
        name: value
        for name in ("initial_interval", "backoff_coefficient", "maximum_interval")
        if (value := getattr(policy, name)) is not None
    }
    if (most := largest_maximum_attempts(policy)) is not None:
        said["maximum_attempts"] = most
    types = policy.non_retryable_error_types
    return RetryPolicy(**said, non_retryable_error_types=to_server_types(types) if types else None)
