"""The YAML parser yields events. No other file knows ruamel.yaml.

Its C parser (ruamel.yaml.clib, libyaml) is required: the pure one is twenty times slower and accepts another
language. Events are taken one by one, because composing nodes would overflow the C stack on deep input.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsl.reading.inner_marks import HiddenMarks
from dsl.reading.page import Mistake
from dsl.reading.refusal import RefusalError
from dsl.reading.syntax import explain_syntax_error

try:
    from _ruamel_yaml import (
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
except ImportError as error:  # pragma: no cover (tested in a process of its own)
    raise ImportError(
        "Stepfile reads YAML with the C parser of the package ruamel.yaml.clib, which is not installed"
    ) from error

if TYPE_CHECKING:
    from _ruamel_yaml import Event as Event

__all__ = [
    "AliasEvent",
    "DocumentEndEvent",
    "MappingEndEvent",
    "MappingStartEvent",
    "ScalarEvent",
    "SequenceEndEvent",
    "SequenceStartEvent",
    "parse_events",
]


def parse_events(hidden: HiddenMarks) -> Iterator[Event]:
    """Yield the events of a text that `decoding` has let through. The inner marks of their values are still hidden.

    Raises RefusalError where the text is not YAML.
    """
    parser = CParser(hidden.text)
    try:
        while (event := parser.get_event()) is not None:
            yield event
    except YAMLError:
        raise RefusalError(explain_syntax_error(hidden.original, _find_mistake(hidden.text))) from None


def _find_mistake(text: str) -> Mistake:
    """Read a text with a syntax error once more, to see what stood last and what was open."""
    parser = CParser(text)
    event: Event | None = None
    brackets: list[int | None] = []
    try:
        while True:
            event = parser.get_event()
            _follow(event, text, brackets)
    except YAMLError as error:
        where = error.problem_mark.index
        since = error.context_mark.index if error.context_mark else where
        return Mistake(error.problem, where, since, _find_quoted(event), brackets[-1] if brackets else None)


def _follow(event: Event | None, text: str, brackets: list[int | None]) -> None:
    """Keep, for every open map and list, the offset of the innermost bracket around what it holds."""
    if isinstance(event, (MappingStartEvent, SequenceStartEvent)):
        outer = brackets[-1] if brackets else None
        own = event.end_mark.index - 1
        brackets.append(own if event.flow_style and text[own] in "[{" else outer)
    elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
        brackets.pop()


def _find_quoted(event: Event | None) -> tuple[int, int] | None:
    if isinstance(event, ScalarEvent) and event.style in ("'", '"'):
        return event.start_mark.index, event.end_mark.index
    return None
