"""A problem has a path. Its place in the text is found here, and what is said twice of one place is said once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from dsl.problems.problem import Problem, Related
from dsl.source.map import Position, SourceMap, Span


class Located(NamedTuple):
    """This is a problem and its place."""

    problem: Problem
    span: Span


def list_located(problems: Iterable[Problem], source: SourceMap) -> list[Located]:
    """List problems with their places, in the order of the text.

    What an alias or `<<` repeats has many paths and one place. What is wrong there is listed once.
    """
    found = {_get_order(each): each for each in (Located(one, locate(one, source)) for one in problems)}
    return [found[order] for order in sorted(found)]


def locate(problem: Problem, source: SourceMap) -> Span:
    """Find the place of a problem: its own span, or that of its path in `source`."""
    if problem.span:
        return problem.span
    if problem.within:
        return source.locate_within(problem.path, *problem.within)
    return locate_path(problem, source)


def locate_path(place: Problem | Related, source: SourceMap) -> Span:
    """Find the place of a path: that of its key, or that of its value."""
    return source.locate_key(place.path) if place.at == "key" else source.locate_value(place.path)


def _get_order(each: Located) -> tuple[Position, Position, str, str, str]:
    problem, span = each
    return (span.start, span.end, problem.severity, problem.code, problem.message)
