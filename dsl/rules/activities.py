"""The calls of a definition are compared with the activities that its workers have.

This rule needs the code of the workers, so it is not one of RULES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from dsl.definition.walk import find_activity_calls
from dsl.expressions import Template
from dsl.model import ActivityAction, ActivityStep, Definition, PagingCall
from dsl.problems.names import report_unknown
from dsl.problems.problem import Problem
from dsl.problems.wording import describe
from dsl.rules.heartbeats import check_heartbeat
from dsl.scalars.json_value import JsonValue
from dsl.source.map import Path


class ArgumentType(NamedTuple):
    """This is what an argument is converted to before the activity gets it."""

    name: str
    """The name of the parameter."""
    text: str
    """The annotation, as it is written in Python: `int`."""
    accepts: Callable[[JsonValue], bool]
    """Tells whether a value can be converted."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature says what an activity takes. All arguments of an activity are positional."""

    text: str
    """As it is written in Python: `(car_id: str) -> str`."""
    required: int
    """The fewest arguments that it takes."""
    accepted: int | None
    """The most arguments that it takes; None when there is no limit."""
    types: tuple[ArgumentType, ...] = ()
    """What each argument is converted to; empty when none is converted."""
    sends_heartbeats: bool = False
    """Whether its code is known to send heartbeats."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A catalogue holds the activities of the workers."""

    activities: Mapping[str, Signature]
    open: bool = False
    """Whether there is a dynamic activity, which takes any name."""


def check_activities(definition: Definition, catalogue: Catalogue) -> Iterator[Problem]:
    """Find calls of unknown activities, calls with wrong arguments, and heartbeats that nobody waits for.

    Steps with a task queue of their own are left out: they are for other workers, whose code is not known here.
    """
    for called in _find_calls(definition):
        signature = catalogue.activities.get(called.name)
        if signature is not None:
            yield from _check_count(called, signature)
            yield from _check_types(called, signature)
            if signature.sends_heartbeats and called.action is not None:
                yield from check_heartbeat(definition, called.action, called.path)
        elif not catalogue.open:
            yield _report_unknown(called, catalogue)


@dataclass(frozen=True, slots=True)
class _Called:
    name: str
    given: int
    """The number of arguments."""
    path: Path
    at: str
    """The key that the arguments come from."""
    action: ActivityAction | None = None
    """None for the write of a dead letter."""


def _find_calls(definition: Definition) -> Iterator[_Called]:
    elsewhere = definition.defaults.task_queue is not None
    for action, path in find_activity_calls(definition):
        local = isinstance(action, ActivityStep) and action.local
        if local or not (elsewhere or action.task_queue):
            at = "activity" if action.args is None else "args"
            yield _Called(action.activity, _count_given(action), path, at, action)
    for name, queue in definition.dead_letter_queues.items():
        if queue.activity is not None and not (elsewhere or queue.task_queue):
            yield _Called(queue.activity, 1, ("dead_letter_queues", name), "activity")


def _count_given(action: ActivityAction) -> int:
    cursor = isinstance(action, PagingCall)
    if action.args is None:
        return int(cursor)
    return cursor + (len(action.args.source) if isinstance(action.args.source, list) else 1)


def _check_count(called: _Called, signature: Signature) -> Iterator[Problem]:
    given = called.given
    if given < signature.required or (signature.accepted is not None and given > signature.accepted):
        yield Problem(
            "wrong-arguments",
            f"{called.name} takes {_describe_count(signature)}, found {given}",
            (*called.path, called.at),
            hint=f"{called.name}{signature.text}",
            at="key",
        )


def _check_types(called: _Called, signature: Signature) -> Iterator[Problem]:
    """Find the literal arguments that can't be converted.

    Temporal converts all arguments or, where one with a default is left out, none of them. Then an argument of
    another type reaches the activity, which may even be able to use it.
    """
    args = called.action.args if called.action is not None else None
    for (where, value), wanted in zip(_list_literals(args), signature.types, strict=False):
        if where is not None and not wanted.accepts(value):
            yield Problem(
                "wrong-argument-type",
                f"{called.name} takes {wanted.text} as {wanted.name}, found {describe(value)}",
                (*called.path, "args", *where),
                hint=f"{called.name}{signature.text}",
                severity="error" if called.given == len(signature.types) else "warning",
            )


def _list_literals(args: Template | None) -> list[tuple[Path | None, JsonValue]]:
    """List the arguments, each with its path below `args`. The path of one with an expression in it is None."""
    if args is None:
        return []
    if not isinstance(args.source, list):
        return [(() if args.is_constant else None, args.source)]
    computed = {scalar.path[0] for scalar in args.list_scalars()}
    return [(None if index in computed else (index,), value) for index, value in enumerate(args.source)]


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
