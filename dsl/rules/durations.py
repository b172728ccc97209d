"""Durations have an upper bound. What is beyond it is a typing error, and the server would refuse it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from dsl.model import Definition
from dsl.model.model import Model, ModelValue
from dsl.problems.problem import Problem
from dsl.scalars.duration import format_duration
from dsl.source.map import Path

LONGEST = timedelta(days=36_500)


def check_durations(definition: Definition) -> Iterator[Problem]:
    """Find durations that are too long."""
    yield from _check_inside(definition, ())


def _check_inside(value: ModelValue, path: Path) -> Iterator[Problem]:
    if isinstance(value, timedelta):
        if value > LONGEST:
            hint = f"at most {format_duration(LONGEST)} (100 years)"
            yield Problem("out-of-range", f"{format_duration(value)} is too long", path, hint=hint)
    elif isinstance(value, Model):
        for name, info in type(value).model_fields.items():
            yield from _check_inside(getattr(value, name), (*path, info.alias or name))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _check_inside(item, (*path, index))
    elif isinstance(value, dict) and path not in (("input",), ("definitions",)):
        for name, item in value.items():
            yield from _check_inside(item, (*path, name))
