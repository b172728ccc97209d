"""The types of errors that have a meaning of their own, and what a clause that names one takes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ANY: Final = "Any"

TIMEOUTS: Final = (
    "Timeout.Heartbeat",
    "Timeout.ScheduleToClose",
    "Timeout.ScheduleToStart",
    "Timeout.StartToClose",
)

FAMILIES: Final[Mapping[str, str]] = MappingProxyType(
    {"Timeout": "every timeout of an activity or a `wait_for`", "Http": "every error of an http step"}
)
"""A family's name takes all types that begin with it and a dot."""

BUILT_IN: Final = (
    ANY,
    "ActivityNotRegistered",
    "ChildWorkflowAlreadyStarted",
    "ChildWorkflowFailed",
    "CircuitBreakerOpen",
    "DeadlineExceeded",
    "ExpressionError",
    "IterationLimitExceeded",
    "SignalFailed",
    "Timeout",
    *TIMEOUTS,
    "Timeout.WaitFor",
    "TooLarge",
    "TooManyFailures",
    "TypeError",
    "WorkerShutdown",
)
"""What a definition itself, Temporal or a Stepfile worker raises."""


FINAL: Final = ("ActivityNotRegistered", "CircuitBreakerOpen", "ExpressionError", "InvalidResult", "TooLarge")
"""No retry policy repeats these."""

NOT_OF_ACTIVITIES: Final = (
    "ChildWorkflowAlreadyStarted",
    "ChildWorkflowFailed",
    "DeadlineExceeded",
    "IterationLimitExceeded",
    "SignalFailed",
    "Timeout.ScheduleToClose",
    "Timeout.ScheduleToStart",
    "Timeout.WaitFor",
    "TooManyFailures",
)
"""What an activity can't fail with, or not without being final."""


def matches(wanted: str, error_type: str) -> bool:
    """Whether a clause for `wanted` takes an error of `error_type`. Letter by letter: no inheritance, no module."""
    return wanted in (ANY, error_type) or (wanted in FAMILIES and error_type.startswith(f"{wanted}."))
