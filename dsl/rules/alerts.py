"""The activity of each alert can run, and it ends."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.definition.alerts import find_alerts
from dsl.definition.defaults import resolve_activity_timeouts
from dsl.model import Definition
from dsl.problems.problem import Problem


def check_alerts(definition: Definition) -> Iterator[Problem]:
    """Check that alerts have the timeouts that they need, and no others."""
    for alert, path in find_alerts(definition):
        timeouts = resolve_activity_timeouts(definition, alert.timeouts)
        if timeouts.start_to_close is None and timeouts.schedule_to_close is None:
            yield Problem(
                "missing-timeout",
                "this activity has no timeout",
                (*path, "activity"),
                hint="give it timeouts: {start_to_close: 30s}, or set defaults.timeouts.start_to_close for all",
                at="key",
            )
        if alert.timeouts is not None and alert.timeouts.deadline is not None:
            yield Problem(
                "bad-value",
                "an alert can't have a deadline",
                (*path, "timeouts", "deadline"),
                hint="bound it by timeouts.schedule_to_close",
                at="key",
            )
