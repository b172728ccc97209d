"""Between two attempts there is a wait, and it must end before the time for all attempts is over.

The server does not begin a wait that is longer than the time that is left. It fails the activity instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from dsl.definition.defaults import (
    resolve_activity_retry,
    resolve_activity_timeouts,
    resolve_compensation_retry,
)
from dsl.definition.walk import find_calls
from dsl.model import Call, CompensationCommon, Definition
from dsl.model.policies import TEMPORAL_INITIAL_INTERVAL
from dsl.problems.problem import Problem
from dsl.scalars.duration import format_duration
from dsl.source.map import Path


def check_retry_times(definition: Definition) -> Iterator[Problem]:
    """Warn of calls that are to be retried, but never can be."""
    told: set[Path] = set()
    for call, path in find_calls(definition):
        longest = resolve_activity_timeouts(definition, call.timeouts).schedule_to_close
        first = _find_first_wait(definition, call)
        place = _find_place(call, path)
        if longest is not None and first is not None and first >= longest and place not in told:
            told.add(place)
            yield _report(longest, first, place)


def _find_first_wait(definition: Definition, call: Call) -> timedelta | None:
    """Find how long the first wait is; None if nobody asks for another attempt, or if the wait may be shorter."""
    resolve = resolve_compensation_retry if isinstance(call, CompensationCommon) else resolve_activity_retry
    try:
        policy = resolve(definition, call.retry)
    except KeyError:  # `dsl.rules.retries` reports that there is no such policy
        return None
    asked = policy.model_fields_set - {"non_retryable_error_types"} and policy.maximum_attempts != 1
    varies = policy.jitter == "full" or policy.by_error
    return policy.initial_interval or TEMPORAL_INITIAL_INTERVAL if asked and not varies else None


def _find_place(call: Call, path: Path) -> Path:
    if call.timeouts is not None and call.timeouts.schedule_to_close is not None:
        return (*path, "timeouts", "schedule_to_close")
    return (*path, "retry") if call.retry is not None else ("defaults", "timeouts", "schedule_to_close")


def _report(longest: timedelta, first: timedelta, path: Path) -> Problem:
    return Problem(
        "never-retried",
        f"there is never a second attempt: the wait before it ({format_duration(first)}) "
        f"does not end within schedule_to_close ({format_duration(longest)})",
        path,
        hint="make schedule_to_close longer or initial_interval shorter, or set maximum_attempts: 1",
        severity="warning",
        at="key",
    )
