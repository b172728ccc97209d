"""The YAML parser. The only file that knows ruamel.yaml.

Its C parser (ruamel.yaml.clib, libyaml) is required: the pure one is twenty times slower and accepts a
different language. Events are taken one by one; composing nodes would overflow the C stack on deep input.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from dsl.reading.refusal import RefusalError
from dsl.reading.syntax import Mistake, syntax_problem

try:
    from _ruamel_yaml import (  # type: ignore[import-not-found]
        AliasEvent,
        CParser,
        DocumentEndEvent,
        MappingEndEvent,
        MappingStartEvent,
        ScalarEvent,
        SequenceEndEvent,
        SequenceStartEvent,
        YAMLError,
    )
except ImportError as error:
    raise ImportError(
        "Stepfile reads YAML with the C parser of the package ruamel.yaml.clib, which is not installed"
    ) from error

__all__ = [
    "AliasEvent",
    "DocumentEndEvent",
    "Event",
    "MappingEndEvent",
    "MappingStartEvent",
    "ScalarEvent",
    "SequenceEndEvent",
    "SequenceStartEvent",
    "events",
]

Event: TypeAlias = Any
"""An event of ruamel.yaml. `start_mark.index` and `end_mark.index` count code points, CRLF as two."""


def events(text: str) -> Iterator[Event]:
    """The events of a text that `decoding` has let through.

    Raises RefusalError where the text is not YAML.
    """
    parser = CParser(text)
    try:
        while (event := parser.get_event()) is not None:
            yield event
    except YAMLError as error:
        raise RefusalError(syntax_problem(text, _mistake(error))) from None


def _mistake(error: Any) -> Mistake:
    where = error.problem_mark.index
    since = error.context_mark.index if error.context_mark else where
    return Mistake(error.problem, where, since)
