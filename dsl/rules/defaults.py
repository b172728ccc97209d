"""Each of the `defaults` is taken by some step."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.definition.alerts import find_alerts
from dsl.definition.walk import find_calls, walk
from dsl.model import ActivityStep, Call, Common, Definition, ServiceStep
from dsl.problems.problem import Problem


def check_defaults(definition: Definition) -> Iterator[Problem]:
    """Warn of defaults that no step takes."""
    for key in definition.defaults.model_fields_set:
        if not any(_test_uses(definition, key)):
            yield Problem(
                "no-effect",
                f"{key} has no effect: no step takes the default",
                ("defaults", key),
                hint="remove it",
                severity="warning",
                at="key",
            )


def _test_uses(definition: Definition, key: str) -> Iterator[bool]:
    """Yield for each place that could take a default whether it does."""
    if key in ("timeouts", "task_queue"):
        for call, _ in find_calls(definition):
            local = isinstance(call, ActivityStep) and call.local
            yield key == "timeouts" or not (local or call.task_queue)
        for queue in definition.dead_letter_queues.values():
            yield queue.activity is not None and (key == "timeouts" or not queue.task_queue)
        for alert, _ in find_alerts(definition):
            yield key == "timeouts" or not alert.task_queue
    elif key == "retry":
        undoing = {placed.path for placed in walk(definition) if placed.undoes is not None}
        for call, path in find_calls(definition):
            yield not isinstance(call.retry, str) and path not in undoing
    else:
        kind = ServiceStep if key == "circuit_breaker" else Call
        for placed in walk(definition):
            step = placed.step
            if isinstance(step, Common) and isinstance(step, kind) and placed.undoes is None:
                yield getattr(step, key) is None
