"""Each dead-letter queue that a definition names exists, and its writes can run."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.definition.defaults import resolve_activity_timeouts
from dsl.definition.walk import walk
from dsl.model import Common, DeadLetter, DeadLetterRef, Definition
from dsl.model.dead_letters import DATABASE_ACTIVITY
from dsl.problems.names import QUEUES, find_meant
from dsl.problems.problem import Problem
from dsl.source.map import Path

_OF_ACTIVITIES = {"task_queue", "timeouts", "retry"}


def check_dead_letters(definition: Definition) -> Iterator[Problem]:
    """Check the references to dead-letter queues, and each queue."""
    used: set[str] = set()
    for ref, path in _find_references(definition):
        name, where = (ref.queue, (*path, "queue")) if isinstance(ref, DeadLetter) else (ref, path)
        used.add(find_meant(name, definition.dead_letter_queues))
        if name not in definition.dead_letter_queues:
            yield QUEUES.report_unknown(name, definition.dead_letter_queues, where)
    for name in definition.dead_letter_queues:
        yield from _check_queue(definition, name)
        if name not in used:
            yield QUEUES.report_unused(name, ("dead_letter_queues", name))


def _find_references(definition: Definition) -> Iterator[tuple[DeadLetterRef, Path]]:
    if definition.defaults.dead_letter is not None:
        yield definition.defaults.dead_letter, ("defaults", "dead_letter")
    if definition.saga.dead_letter is not None:
        yield definition.saga.dead_letter, ("saga", "dead_letter")
    for placed in walk(definition):
        if isinstance(placed.step, Common) and placed.step.dead_letter is not None:
            yield placed.step.dead_letter, (*placed.path, "dead_letter")


def _check_queue(definition: Definition, name: str) -> Iterator[Problem]:
    queue = definition.dead_letter_queues[name]
    path: Path = ("dead_letter_queues", name)
    if queue.activity is None:
        for key in sorted(queue.model_fields_set & _OF_ACTIVITIES):
            yield Problem(
                "misplaced-key",
                f"the built-in dead-letter queue calls no activity, so it takes no {key}",
                (*path, key),
                hint="remove it, or name the activity that keeps the records: {activity: write_to_dlq}",
                at="key",
            )
        return
    if queue.activity != DATABASE_ACTIVITY and "max_redrives" in queue.model_fields_set:
        yield Problem(
            "misplaced-key",
            "letters that an activity of yours keeps are redriven by you, so there is no max_redrives",
            (*path, "max_redrives"),
            hint=f"remove it; the built-in queue and {DATABASE_ACTIVITY} take it",
            at="key",
        )
    timeouts = resolve_activity_timeouts(definition, queue.timeouts)
    if timeouts.start_to_close is None and timeouts.schedule_to_close is None:
        yield Problem(
            "missing-timeout",
            "this activity has no timeout",
            (*path, "activity"),
            hint="give the queue timeouts: {start_to_close: 30s}, or set defaults.timeouts.start_to_close for all",
            at="key",
        )
