"""The calls of a definition are compared with the activities that its workers have.

This rule needs the code of the workers, so it is not one of RULES.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from dsl.definition.walk import find_activity_calls
from dsl.model import ActivityAction, ActivityStep, Definition, PagingCall
from dsl.problems.names import report_unknown
from dsl.problems.problem import Problem
from dsl.scalars.json_value import JsonValue
from dsl.source.map import Path


class Signature(NamedTuple):
    """A signature says what an activity takes. All arguments of an activity are positional."""

    text: str
    """As it is written in Python: `(car_id: str) -> str`."""
    required: int
    """The fewest arguments that it takes."""
    accepted: int | None
    """The most arguments that it takes; None when there is no limit."""
    impossible: tuple[str | None, ...] = ()
    """For each parameter, the name of a type that no argument can be converted to; None if there is none.

    With another number of arguments nothing is converted."""


class Catalogue(NamedTuple):
    """A catalogue holds the activities of the workers."""

    activities: Mapping[str, Signature]
    open: bool = False
    """Whether there is a dynamic activity, which takes any name."""


def check_activities(definition: Definition, catalogue: Catalogue) -> Iterator[Problem]:
    """Find calls of unknown activities, and calls with arguments that the activity can't take.

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
    args: Sequence[JsonValue]
    """The arguments as they are written; a cursor or a record, which is added by the run, is text."""
    path: Path
    at: str
    """The key that the arguments come from."""


def _find_calls(definition: Definition) -> Iterator[_Called]:
    elsewhere = definition.defaults.task_queue is not None
    for action, path in find_activity_calls(definition):
        local = isinstance(action, ActivityStep) and action.local
        if local or not (elsewhere or action.task_queue):
            at = "activity" if action.args is None else "args"
            yield _Called(action.activity, _list_given(action), path, at)
    for name, queue in definition.dead_letter_queues.items():
        if queue.activity is not None and not (elsewhere or queue.task_queue):
            yield _Called(queue.activity, [_ADDED], ("dead_letter_queues", name), "activity")


_ADDED = "added by the run"


def _list_given(action: ActivityAction) -> list[JsonValue]:
    added: list[JsonValue] = [_ADDED] if isinstance(action, PagingCall) else []
    if action.args is None:
        return added
    source = action.args.source
    return [*(source if isinstance(source, list) else [source]), *added]


def _check_arguments(called: _Called, signature: Signature) -> Iterator[Problem]:
    given = len(called.args)
    if given < signature.required or (signature.accepted is not None and given > signature.accepted):
        yield Problem(
            "wrong-arguments",
            f"{called.name} takes {_describe_count(signature)}, found {given}",
            (*called.path, called.at),
            hint=f"{called.name}{signature.text}",
            at="key",
        )
    elif given == len(signature.impossible):
        yield from _check_types(called, signature)


def _check_types(called: _Called, signature: Signature) -> Iterator[Problem]:
    for number, (argument, impossible) in enumerate(zip(called.args, signature.impossible, strict=True), 1):
        if impossible is not None and argument is not None:
            yield Problem(
                "impossible-argument",
                f"{called.name} takes the type {impossible} in argument {number}, which Temporal's own data "
                "converter can make of no JSON value",
                (*called.path, called.at),
                hint=f"let {called.name} take text or numbers and convert them itself, or give its worker a data "
                "converter that can",
                severity="warning",
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
