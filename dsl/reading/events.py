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
    trail = _Trail()
    try:
        while (event := parser.get_event()) is not None:
            trail.follow(event)
            yield event
    except YAMLError as error:
        raise RefusalError(syntax_problem(text, trail.mistake(error))) from None


class _Trail:
    """What was read last and what is still open: it often explains a syntax error."""

    def __init__(self) -> None:
        self._last: Event = None
        self._open: list[int | None] = []
        """For every open map and list its bracket's offset, if it has one."""

    def follow(self, event: Event) -> None:
        self._last = event
        if isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            self._open.append(event.end_mark.index - 1 if event.flow_style else None)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            self._open.pop()

    def mistake(self, error: Any) -> Mistake:
        where = error.problem_mark.index
        since = error.context_mark.index if error.context_mark else where
        return Mistake(error.problem, where, since, self._quoted(), self._open[-1] if self._open else None)

    def _quoted(self) -> tuple[int, int] | None:
        event = self._last
        if not isinstance(event, ScalarEvent) or event.style not in ("'", '"'):
            return None
        return event.start_mark.index, event.end_mark.index
