"""A step that is asked to stop hears of it in time, if the run waits for it.

A run waits until a cancelled step has stopped if the step has a compensation, is the pivot, or says
`cancellation: wait`. Only a heartbeat carries the request to an activity; the built-in `http` sends heartbeats.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsl.definition.defaults import resolve_activity_timeouts
from dsl.definition.walk import Placed, walk
from dsl.model import ActivityStep, Definition, HttpStep
from dsl.problems.problem import Problem
from dsl.rules.heartbeats import LONG
from dsl.scalars.duration import format_duration
from dsl.source.map import Path


def check_cancellations(definition: Definition) -> Iterator[Problem]:
    """Warn of steps that may still run while they are undone, and of those that keep a cancelled run waiting."""
    for placed in walk(definition):
        step = placed.step
        if not isinstance(step, ActivityStep | HttpStep):
            continue
        if step.cancellation in ("try", "abandon"):
            if step.compensate is not None:
                yield report_undone_while_running(step.cancellation, placed.path)
        elif isinstance(step, ActivityStep) and not step.local:
            yield from _check_slow_to_cancel(definition, step, placed)


def report_undone_while_running(cancellation: str, path: Path) -> Problem:
    """Warn of a step at `path` that has a compensation, and for whose end a cancelled run does not wait."""
    return Problem(
        "undone-while-running",
        f"with cancellation: {cancellation}, this step may still run while it is undone",
        (*path, "cancellation"),
        hint="leave it out: then the run waits until the step has stopped",
        severity="warning",
    )


def _check_slow_to_cancel(definition: Definition, step: ActivityStep, placed: Placed) -> Iterator[Problem]:
    """Warn of an activity that has no heartbeat timeout, and may take long until it stops by itself.

    Beside a compensation `cancellation: wait` changes nothing. There it says that the writer knows.
    """
    undone = step.compensate is not None or step.pivot
    if not undone and step.cancellation is None:
        return
    timeouts = resolve_activity_timeouts(definition, step.timeouts)
    longest = timeouts.start_to_close
    known = undone and step.cancellation is not None
    if timeouts.heartbeat is not None or (longest is not None and (longest <= LONG or known)):
        return
    if longest is None:
        until, remedy = "and nothing makes it stop soon", "a short timeouts.start_to_close"
    else:
        until = f"for up to {format_duration(longest)}"
        remedy = f"a shorter start_to_close, or {'write' if undone else 'leave out'} cancellation: wait"
    yield Problem(
        "slow-to-cancel",
        f"a cancelled run waits for this step, {until}: without heartbeats it does not hear of the cancellation",
        (*placed.path, step.kind),
        hint=f"give it timeouts.heartbeat (and let it send heartbeats), or {remedy}",
        severity="warning",
        at="key",
    )
