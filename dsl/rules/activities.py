"""The calls of a definition are compared with the activities that its workers have.

This rule needs the code of the workers, so it is not one of RULES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from dsl.definition.alerts import find_alerts
from dsl.definition.walk import find_activity_calls
from dsl.expressions import Template
from dsl.model import ActivityAction, ActivityStep, Definition, PagingCall
from dsl.model.dead_letters import DATABASE_ACTIVITY
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
    impossible: str | None = None
    """The name of a type that no value can be converted to: it is the argument's type, or a part of it."""


class Signature(NamedTuple):
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


class Catalogue(NamedTuple):
    """A catalogue holds the activities of the workers."""

    activities: Mapping[str, Signature]
    open: bool = False
    """Whether there is a dynamic activity, which takes any name."""


def check_activities(definition: Definition, catalogue: Catalogue) -> Iterator[Problem]:
    """Find calls of unknown activities, arguments that an activity can't take, and heartbeats that nobody waits for.

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


class _Argument(NamedTuple):
    value: JsonValue
    path: Path | None = None
    """Its path below the step, if it is a literal; None if it is computed, or added by the run."""


_ADDED = _Argument("added by the run")


class _Called(NamedTuple):
    name: str
    arguments: list[_Argument]
    path: Path
    at: str
    """The key that the arguments come from."""
    action: ActivityAction | None = None
    """None for the write of a dead letter, and for an alert."""


def _find_calls(definition: Definition) -> Iterator[_Called]:
    elsewhere = definition.defaults.task_queue is not None
    for action, path in find_activity_calls(definition):
        local = isinstance(action, ActivityStep) and action.local
        if local or not (elsewhere or action.task_queue):
            at = "activity" if action.args is None else "args"
            yield _Called(action.activity, _list_arguments(action), path, at, action)
    for name, queue in definition.dead_letter_queues.items():
        if queue.activity is not None and not (elsewhere or queue.task_queue):
            yield _Called(queue.activity, [_ADDED], ("dead_letter_queues", name), "activity")
    for alert, path in find_alerts(definition):
        if not (elsewhere or alert.task_queue):
            yield _Called(alert.activity, [_ADDED], path, "activity")


def _list_arguments(action: ActivityAction) -> list[_Argument]:
    added = [_ADDED] if isinstance(action, PagingCall) else []
    return added if action.args is None else [*_list_written(action.args), *added]


def _list_written(args: Template) -> list[_Argument]:
    if not isinstance(args.source, list):
        return [_Argument(args.source, ("args",) if args.is_constant else None)]
    computed = {scalar.path[0] for scalar in args.list_scalars()}
    return [
        _Argument(value, None if index in computed else ("args", index))
        for index, value in enumerate(args.source)
    ]


def _check_count(called: _Called, signature: Signature) -> Iterator[Problem]:
    given = len(called.arguments)
    if given < signature.required or (signature.accepted is not None and given > signature.accepted):
        yield Problem(
            "wrong-arguments",
            f"{called.name} takes {_describe_count(signature)}, found {given}",
            (*called.path, called.at),
            hint=f"{called.name}{signature.text}",
            at="key",
        )


def _check_types(called: _Called, signature: Signature) -> Iterator[Problem]:
    """Find the arguments that can't be converted.

    Temporal converts all arguments or, where one with a default is left out, none of them. Then an argument of
    another type reaches the activity, which may even be able to use it.
    """
    all_converted = len(called.arguments) == len(signature.types)
    for argument, wanted in zip(called.arguments, signature.types, strict=False):
        if wanted.impossible is not None:
            if all_converted and argument.value is not None:
                yield _report_impossible(called, argument, wanted)
        elif argument.path is not None and not wanted.accepts(argument.value):
            yield Problem(
                "wrong-argument-type",
                f"{called.name} takes {wanted.text} as {wanted.name}, found {describe(argument.value)}",
                (*called.path, *argument.path),
                hint=f"{called.name}{signature.text}",
                severity="error" if all_converted else "warning",
            )


def _report_impossible(called: _Called, argument: _Argument, wanted: ArgumentType) -> Problem:
    return Problem(
        "impossible-argument",
        f"{called.name} takes {wanted.impossible} in {wanted.name}, which Temporal's own data converter can make "
        "of no JSON value",
        (*called.path, *(argument.path or (called.at,))),
        hint=f"let {called.name} take text or numbers and convert them itself, or give its worker a data converter "
        "that can",
        severity="warning",
        at="value" if argument.path else "key",
    )


def _describe_count(signature: Signature) -> str:
    low, high = signature.required, signature.accepted
    if high is None:
        return f"at least {low} argument{'s' * (low != 1)}"
    return f"{low} argument{'s' * (low != 1)}" if low == high else f"{low} to {high} arguments"


def _report_unknown(called: _Called, catalogue: Catalogue) -> Problem:
    name, path = called.name, (*called.path, "activity")
    if name == DATABASE_ACTIVITY:
        message = f"{name} needs a letters database, and the workers have none"
        hint = 'name one in pyproject.toml: [tool.stepfile] letters_database = "sqlite:///letters.db"'
        return report_unknown("unknown-activity", message, name, (), path, hint=hint)
    message, known = f'no worker has an activity "{name}"', catalogue.activities
    return report_unknown("unknown-activity", message, name, known, path, hint="known: {known}")
