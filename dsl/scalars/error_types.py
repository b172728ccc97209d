"""These types of errors have a meaning of their own. A clause may name one of them, or a family of them."""

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
"""Families by their names. A family takes all types that begin with its name and a dot."""

BUILT_IN: Final = (
    ANY,
    "ActivityNotRegistered",
    "ChildWorkflowAlreadyStarted",
    "ChildWorkflowFailed",
    "CircuitBreakerOpen",
    "DeadlineExceeded",
    "ExpressionError",
    "IterationLimitExceeded",
    "SecretNotFound",
    "SecretRefused",
    "SecretUnavailable",
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

HTTP: Final = (
    "Http.Connect",
    "Http.Network",
    "Http.Refused",
    "Http.Request",
    "Http.Response",
    "Http.TooLarge",
)
"""What an `http` step fails with, besides `Http.` and a status."""

FINAL: Final = (
    *("ActivityNotRegistered", "CircuitBreakerOpen", "ExpressionError", "InvalidResult", "SecretRefused"),
    "TooLarge",
)
"""The types that no retry policy repeats."""

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
"""The types that no activity can fail with, or that are final if one does."""


def matches(wanted: str, error_type: str) -> bool:
    """Tell whether a clause for `wanted` takes an error of `error_type`.

    Types are compared letter by letter: there is no inheritance, and no module path.
    """
    return wanted in (ANY, error_type) or (wanted in FAMILIES and error_type.startswith(f"{wanted}."))
