"""The calls of a definition are compared with the activities that its workers have.

This rule needs the code of the workers, so it is not one of RULES.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from dsl.definition.walk import find_activity_calls
from dsl.model import ActivityAction, ActivityStep, Definition, PagingCall
from dsl.problems.names import report_unknown
from dsl.problems.problem import Problem
from dsl.source.map import Path


class Signature(NamedTuple):
    """A signature says what an activity takes. All arguments of an activity are positional."""

    text: str
    """As it is written in Python: `(car_id: str) -> str`."""
    required: int
    """The fewest arguments that it takes."""
    accepted: int | None
    """The most arguments that it takes; None when there is no limit."""


class Catalogue(NamedTuple):
    """A catalogue holds the activities of the workers."""

    activities: Mapping[str, Signature]
    open: bool = False
    """Whether there is a dynamic activity, which takes any name."""


def check_activities(definition: Definition, catalogue: Catalogue) -> Iterator[Problem]:
    """Find calls of unknown activities, and calls with the wrong number of arguments.

    Steps with a task queue of their own are left out: they are for other workers, whose code is not known here.
    """
    for called in _find_calls(definition):
        signature = catalogue.activities.get(called.name)
        if signature is not None:
            yield from _check_arguments(called, signature)
        elif not catalogue.open:
            yield _report_unknown(called, catalogue)


class _Called(NamedTuple):
    name: str
    given: int
    """The number of arguments."""
    path: Path
    at: str
    """The key that the arguments come from."""


def _find_calls(definition: Definition) -> Iterator[_Called]:
    elsewhere = definition.defaults.task_queue is not None
    for action, path in find_activity_calls(definition):
        local = isinstance(action, ActivityStep) and action.local
        if local or not (elsewhere or action.task_queue):
            yield _Called(
                action.activity, _count_given(action), path, "activity" if action.args is None else "args"
            )
    for name, queue in definition.dead_letter_queues.items():
        if queue.activity is not None and not (elsewhere or queue.task_queue):
            yield _Called(queue.activity, 1, ("dead_letter_queues", name), "activity")


def _count_given(action: ActivityAction) -> int:
    cursor = isinstance(action, PagingCall)
    if action.args is None:
        return int(cursor)
    return cursor + (len(action.args.source) if isinstance(action.args.source, list) else 1)


def _check_arguments(called: _Called, signature: Signature) -> Iterator[Problem]:
    given = called.given
    if given < signature.required or (signature.accepted is not None and given > signature.accepted):
        yield Problem(
            "wrong-arguments",
            f"{called.name} takes {_describe_count(signature)}, found {given}",
            (*called.path, called.at),
            hint=f"{called.name}{signature.text}",
            at="key",
        )


def _describe_count(signature: Signature) -> str:
    low, high = signature.required, signature.accepted
    if high is None:
        return f"at least {low} argument{'s' * (low != 1)}"
    return f"{low} argument{'s' * (low != 1)}" if low == high else f"{low} to {high} arguments"


def _report_unknown(called: _Called, catalogue: Catalogue) -> Problem:
    message = f'no worker has an activity "{called.name}"'
    path = (*called.path, "activity")
    known = catalogue.activities
    return report_unknown("unknown-activity", message, called.name, known, path, hint="known: {known}")
