"""A site is a place where an expression may stand: a template of a step, and its path."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from dsl.definition.remembered import remember_last
from dsl.definition.walk import walk
from dsl.expressions import CONDITION, Expected, Template
from dsl.expressions.kinds import LIST, NUMBER, TEXT
from dsl.model import ActivityAction, CatchClause, Common, Compensation, Definition, HttpRequest, Step
from dsl.model.model import Model, ModelValue
from dsl.model.priority import Priority
from dsl.source.map import Path

_STEPS_INSIDE = ("steps", "parallel", "race", "default", "compensate", "finally_", "catch", "definitions")
"""The keys whose values are steps themselves. `dsl.definition.walk` comes to these. A clause of `catch` sees more
than its step, and the definitions of a bundle are checked one by one."""

_TEXT = Expected(TEXT, "text is expected here", "string(x) makes text")

_EXPECTED = {
    **dict.fromkeys(("when", "while", "until", "match"), CONDITION),
    "for_each": Expected(LIST, "a for_each takes a list"),
    "key": Expected((*TEXT, "integer"), "a key is text or a whole number", "string(x) makes text"),
    "wait": Expected(TEXT, "a duration is text", "for example 30s"),
    "wait_until": Expected(TEXT, "a time is text", "for example 2027-01-01T09:00:00Z"),
    "workflow_id": _TEXT,
    "type": _TEXT,
}
"""What keys take that do not take just any value."""

_EXPECTED_OF_PRIORITY = {
    "key": Expected(("integer", "null"), "a key of a priority is a whole number"),
    "fairness_key": Expected((*TEXT, "null"), "a fairness key is text", "string(x) makes text"),
    "fairness_weight": Expected((*NUMBER, "null"), "a fairness weight is a number"),
}


class Site(NamedTuple):
    """A site is a value with expressions in it."""

    template: Template
    path: Path
    expected: Expected | None = None
    """What the value must be; None for anything."""
    takes_secrets: bool = False
    """Whether it is handed to an activity by a worker, which can fill in the values of secrets."""


def find_sites(model: Model, path: Path) -> Iterator[Site]:
    """Find the templates of a map of the model, without those of steps inside it."""
    for name, key in _list_keys(type(model)):
        value = getattr(model, name)
        if value is not None:
            takes_secrets = isinstance(model, HttpRequest) or (
                isinstance(model, ActivityAction) and key == "args"
            )
            expected = (_EXPECTED_OF_PRIORITY if isinstance(model, Priority) else _EXPECTED).get(key)
            yield from _find_inside(value, (*path, key), expected, takes_secrets)


@cache
def _list_keys(model: type[Model]) -> list[tuple[str, str]]:
    """List the attributes that may hold templates, with the keys that they have in the YAML."""
    fields = model.model_fields.items()
    return [(name, info.alias or name) for name, info in fields if name not in _STEPS_INSIDE]


def find_clause_sites(step: Step | Compensation, path: Path) -> Iterator[tuple[CatchClause, list[Site]]]:
    """Find the templates of each clause of a step's `catch`, without those of the steps inside it."""
    for index, clause in enumerate(step.catch if isinstance(step, Common) else ()):
        yield clause, list(find_sites(clause, (*path, "catch", index)))


@remember_last
def find_step_sites(definition: Definition) -> Iterator[tuple[Path, list[Site]]]:
    """Find the templates of each step and compensation, without those of `catch` and of steps inside it."""
    for placed in walk(definition):
        yield placed.path, list(find_sites(placed.step, placed.path))


@remember_last
def find_all_sites(definition: Definition) -> Iterator[Site]:
    """Find every template of a definition."""
    yield from find_sites(definition, ())
    for placed, (_, own) in zip(walk(definition), find_step_sites(definition), strict=True):
        yield from own
        for _, found in find_clause_sites(placed.step, placed.path):
            yield from found


def _find_inside(
    value: ModelValue, path: Path, expected: Expected | None = None, takes_secrets: bool = False
) -> Iterator[Site]:
    if isinstance(value, Template):
        yield Site(value, path, expected, takes_secrets)
    elif isinstance(value, Model):
        yield from find_sites(value, path)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _find_inside(item, (*path, name), takes_secrets=takes_secrets)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _find_inside(item, (*path, index))
