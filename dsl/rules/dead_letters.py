"""Dead letters: queues that exist, and whose writes can run."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.definition.defaults import resolve_activity_timeouts
from dsl.definition.walk import walk
from dsl.model import Common, DeadLetter, DeadLetterRef, Definition
from dsl.problems.problem import Problem
from dsl.problems.suggest import did_you_mean
from dsl.problems.wording import join_listed
from dsl.source.map import Path


def check_dead_letters(definition: Definition) -> Iterator[Problem]:
    used: set[str] = set()
    for ref, path in _find_references(definition):
        name, where = (ref.queue, (*path, "queue")) if isinstance(ref, DeadLetter) else (ref, path)
        used.add(name)
        if name not in definition.dead_letter_queues:
            yield _report_unknown(name, where, definition)
    for name in definition.dead_letter_queues:
        yield from _check_queue(definition, name)
        if name not in used:
            yield Problem(
                "unused-queue",
                f'nothing uses the dead-letter queue "{name}"',
                ("dead_letter_queues", name),
                hint=f"use it with dead_letter: {name}, or remove it",
                severity="warning",
                at="key",
            )


def _find_references(definition: Definition) -> Iterator[tuple[DeadLetterRef, Path]]:
    if definition.defaults.dead_letter is not None:
        yield definition.defaults.dead_letter, ("defaults", "dead_letter")
    if definition.saga.dead_letter is not None:
        yield definition.saga.dead_letter, ("saga", "dead_letter")
    for placed in walk(definition):
        if isinstance(placed.step, Common) and placed.step.dead_letter is not None:
            yield placed.step.dead_letter, (*placed.path, "dead_letter")


def _report_unknown(name: str, path: Path, definition: Definition) -> Problem:
    known = definition.dead_letter_queues
    suggestion = did_you_mean(name, known)
    return Problem(
        "unknown-queue",
        f'there is no dead-letter queue "{name}"{f"; {suggestion}" if suggestion else ""}',
        path,
        hint=f"defined in dead_letter_queues: {join_listed(known) or 'none'}",
    )


def _check_queue(definition: Definition, name: str) -> Iterator[Problem]:
    queue = definition.dead_letter_queues[name]
    path: Path = ("dead_letter_queues", name)
    if queue.activity is None:
        yield Problem(
            "not-available",
            "the built-in dead-letter queue is not available yet",
            path,
            hint="name an activity that keeps the records: {activity: write_to_dlq}",
            at="key",
        )
        return
    timeouts = resolve_activity_timeouts(definition, queue.timeouts)
    if timeouts.start_to_close is None and timeouts.schedule_to_close is None:
        yield Problem(
            "missing-timeout",
            "this activity has no timeout",
            (*path, "activity"),
            hint="give the queue timeouts: {start_to_close: 30s}, or set defaults.timeouts.start_to_close for all",
            at="key",
        )
