"""The patterns of a JSON Schema are regular expressions of Python, by which values are checked."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from dsl.json_schema.keywords import walk_schemas
from dsl.problems.problem import Problem
from dsl.scalars.json_value import JsonValue
from dsl.source.map import Path

_HINT: Final = (
    "what Python's re takes is accepted, such as ^[a-z]+$; see https://docs.python.org/3/library/re.html"
)


def find_bad_patterns(schema: Any, place: Path) -> Iterator[Problem]:
    """Find the patterns in a schema that are no regular expressions, at all depths."""
    for inner, path in walk_schemas(schema, place):
        pattern: JsonValue = inner.get("pattern")
        if isinstance(pattern, str):
            yield from _check_pattern(pattern, (*path, "pattern"))
        by_pattern: JsonValue = inner.get("patternProperties")
        for key in by_pattern if isinstance(by_pattern, dict) else ():
            for problem in _check_pattern(key, (*path, "patternProperties", key)):
                yield replace(problem, at="key", within=None)


def _check_pattern(pattern: str, path: Path) -> Iterator[Problem]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python would say to nobody what it thinks of "[["
            re.compile(pattern)
    except re.error as error:
        place = min(error.pos or 0, len(pattern) - 1)
        yield Problem(
            "bad-pattern",
            f"not a regular expression: {error.msg} (character {place + 1})",
            path,
            hint=_HINT,
            within=(place, place + 1),
        )
    except (OverflowError, RecursionError):
        yield Problem(
            "bad-pattern", "the regular expression counts too far, or is nested too deeply", path, hint=_HINT
        )
