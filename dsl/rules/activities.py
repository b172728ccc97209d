"""The calls of a definition against the activities that its workers have. Needs their code, so it is not in RULES."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dsl.model import ActivityAction, Definition
from dsl.problem import Problem
from dsl.source import Path
from dsl.suggest import did_you_mean
from dsl.walk import activities
from dsl.wording import listed


@dataclass(frozen=True, slots=True)
class Signature:
    """What an activity takes. All arguments of an activity are positional."""

    text: str
    """As written in Python: `(car_id: str) -> str`."""
    required: int
    accepted: int | None
    """The most arguments it takes; None when there is no limit."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The activities of the workers."""

    activities: Mapping[str, Signature]
    open: bool = False
    """There is a dynamic activity, which takes any name."""


def check_activities(definition: Definition, catalogue: Catalogue) -> Iterator[Problem]:
    """Find calls of unknown activities and calls with the wrong number of arguments.

    Steps with a task queue of their own are for other workers, whose code we don't have.
    """
    for action, path in activities(definition):
        if action.task_queue or definition.defaults.task_queue:
            continue
        signature = catalogue.activities.get(action.activity)
        if signature is not None:
            yield from _arguments(action, signature, path)
        elif not catalogue.open:
            yield _unknown(action, catalogue, path)


def _arguments(action: ActivityAction, signature: Signature, path: Path) -> Iterator[Problem]:
    given = 0 if action.args is None else 1
    if action.args is not None and isinstance(action.args.source, list):
        given = len(action.args.source)
    if given < signature.required or (signature.accepted is not None and given > signature.accepted):
        yield Problem(
            "wrong-arguments",
            f"{action.activity} takes {_count(signature)}, found {given}",
            (*path, "activity" if action.args is None else "args"),
            hint=f"{action.activity}{signature.text}",
            at="key",
        )


def _count(signature: Signature) -> str:
    low, high = signature.required, signature.accepted
    if high is None:
        return f"at least {low} argument{'s' * (low != 1)}"
    return f"{low} argument{'s' * (low != 1)}" if low == high else f"{low} to {high} arguments"


def _unknown(action: ActivityAction, catalogue: Catalogue, path: Path) -> Problem:
    suggestion = did_you_mean(action.activity, catalogue.activities)
    return Problem(
        "unknown-activity",
        f'no worker has an activity "{action.activity}"{f"; {suggestion}" if suggestion else ""}',
        (*path, "activity"),
        hint=f"known: {listed(catalogue.activities) or 'none'}",
    )
