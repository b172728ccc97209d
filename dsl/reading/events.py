"""The YAML parser yields events. No other file knows PyYAML.

Its C parser (libyaml) is required: the pure one is twenty times slower and accepts another language. libyaml has to
be 0.2 or newer: before that it refuses `{url: https://example.com}`. Only its events are used, so nothing of YAML 1.1
comes in. They are taken one by one, because composing nodes would overflow the C stack on deep input.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from dsl.reading.page import Mistake
from dsl.reading.refusal import RefusalError
from dsl.reading.syntax import explain_syntax_error

try:
    from yaml._yaml import (
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
        "Stepfile reads YAML with the C parser of PyYAML (yaml._yaml), which is not installed"
    ) from error

if TYPE_CHECKING:
    from yaml._yaml import Event as Event

__all__ = [
    "AliasEvent",
    "DocumentEndEvent",
    "MappingEndEvent",
    "MappingStartEvent",
    "ScalarEvent",
    "SequenceEndEvent",
    "SequenceStartEvent",
    "TooDeepError",
    "parse_events",
]

_TOO_DEEP: Final = "exceeded maximum nesting depth"
"""The parser's words for brackets that are nested deeper than its own bound, which is far beyond ours."""


class TooDeepError(Exception):
    """The parser has given up at `where`, an offset into the text: it read one bracket after another before that."""

    def __init__(self, where: int) -> None:
        super().__init__(where)
        self.where = where


def parse_events(text: str) -> Iterator[Event]:
    """Yield the events of a text that `decoding` has let through.

    Raises RefusalError where the text is not YAML, and TooDeepError where it is nested too deeply for the parser.
    """
    parser = CParser(text)
    try:
        while (event := parser.get_event()) is not None:
            yield event
    except YAMLError as error:
        if error.problem.startswith(_TOO_DEEP):
            raise TooDeepError(error.problem_mark.index) from None
        raise RefusalError(explain_syntax_error(text, _find_mistake(text))) from None


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
