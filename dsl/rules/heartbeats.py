"""An activity that sends heartbeats has a heartbeat timeout. Without it nobody notices that they have stopped.

This can only be said of an activity that is known to send heartbeats: one that sends none would be ended by such a
timeout.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from dsl.definition.defaults import resolve_activity_timeouts
from dsl.model import ActivityStep, Call, Definition
from dsl.problems.problem import Problem
from dsl.scalars.duration import format_duration
from dsl.source.map import Path

LONG: Final = timedelta(minutes=1)
"""What takes longer than this should be heard of meanwhile."""


def check_heartbeat(definition: Definition, call: Call, path: Path) -> Iterator[Problem]:
    """Warn of a long call, at `path`, of an activity that sends heartbeats and has no heartbeat timeout."""
    if isinstance(call, ActivityStep) and call.local:
        return
    timeouts = resolve_activity_timeouts(definition, call.timeouts)
    longest = timeouts.start_to_close
    if longest is not None and longest > LONG and timeouts.heartbeat is None:
        yield Problem(
            "no-heartbeat",
            f"the loss of its worker is noticed only after {format_duration(longest)}, although it sends heartbeats",
            (*path, call.kind),
            hint="add timeouts.heartbeat: the longest time between two heartbeats, for example 30s",
            severity="warning",
            at="key",
        )
