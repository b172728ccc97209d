"""Local activities run inside a workflow task. So they may not take long, and may not need the server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from dsl.definition.defaults import resolve_activity_retry, resolve_activity_timeouts
from dsl.definition.walk import walk
from dsl.model import ActivityStep, Definition
from dsl.model.policies import TEMPORAL_WORKFLOW_TASK_TIMEOUT
from dsl.problems.problem import Problem
from dsl.scalars.duration import format_duration
from dsl.source.map import Path

LONGEST = TEMPORAL_WORKFLOW_TASK_TIMEOUT
"""What is slower makes the worker ask the server for another workflow task, again and again."""


def check_local_activities(definition: Definition) -> Iterator[Problem]:
    """Refuse what does not go with a local activity."""
    for placed in walk(definition):
        if isinstance(placed.step, ActivityStep) and placed.step.local:
            yield from _check_local(definition, placed.step, placed.path)


def _check_local(definition: Definition, step: ActivityStep, path: Path) -> Iterator[Problem]:
    for key in ("task_queue", "priority"):
        if getattr(step, key) is not None:
            yield _report_refused(key, "it runs in the worker of the workflow", (*path, key))
    for key in ("heartbeat", "schedule_to_start"):
        if step.timeouts is not None and getattr(step.timeouts, key) is not None:
            yield _report_refused(
                f"timeouts.{key}", "it is never scheduled by the server", (*path, "timeouts", key)
            )
    yield from _check_retries(definition, step, path)
    if step.circuit_breaker is not None:
        yield _report_refused("circuit_breaker", "it is not a call of a service", (*path, "circuit_breaker"))
    timeouts = resolve_activity_timeouts(definition, step.timeouts)
    longest = min(t for t in (timeouts.start_to_close, timeouts.schedule_to_close, timedelta.max) if t)
    if timedelta.max > longest > LONGEST:
        yield Problem(
            "out-of-range",
            f"a local activity may take {format_duration(LONGEST)}, but this one may take {format_duration(longest)}",
            (*path, "local"),
            hint="give it a shorter timeouts.start_to_close, or leave local out",
            at="key",
        )


def _check_retries(definition: Definition, step: ActivityStep, path: Path) -> Iterator[Problem]:
    try:
        retry = resolve_activity_retry(definition, step.retry)
    except KeyError:  # `dsl.rules.retries` reports that there is no such policy
        return
    own = "retry" if step.retry is not None else "local"
    for key, said in (("by_error", bool(retry.by_error)), ("jitter", retry.jitter != "none")):
        if said:
            yield _report_refused(f"retry.{key}", "Temporal alone retries it", (*path, own))


def _report_refused(key: str, why: str, path: Path) -> Problem:
    return Problem(
        "misplaced-key",
        f"a local activity can't have {key}: {why}",
        path,
        hint="remove it, or remove local",
        at="key",
    )
