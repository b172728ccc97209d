"""Values that must not be seen are replaced in texts and JSON data by what they are called."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from dsl.redaction.spellings import Spelling, list_spellings

SHORTEST_INSIDE = 6
"""Characters. A shorter value may be a part of any word: it is replaced only where it is a whole text."""


class _Hidden(NamedTuple):
    value: str
    label: str
    spellings: tuple[Spelling, ...]

    @property
    def is_short(self) -> bool:
        """Whether it is too short to be looked for inside of a text."""
        return len(self.value) < SHORTEST_INSIDE

    def may_be_in(self, text: str) -> bool:
        """Tell quickly whether it may be in data that is written as a text."""
        return any(spelling.may_be_in(text) for spelling in self.spellings)


class Redactor:
    """Replaces values by their labels. It never changes.

    What holds none of the values is returned as it is, the very object.
    """

    def __init__(self, values: Iterable[tuple[str, str]] = ()) -> None:
        """
        Args:
            values: Values, each with its label; empty ones are left out.
        """
        hidden = (
            _Hidden(value, label, list_spellings(value)) for value, label in dict(values).items() if value
        )
        # one that is a part of another comes after it
        self._keep(sorted(hidden, key=lambda each: -len(each.value)))

    def _keep(self, hidden: Sequence[_Hidden]) -> None:
        self._hidden = hidden
        self._labels = {each.value: each.label for each in hidden}

    def __bool__(self) -> bool:
        """Whether there is anything to replace."""
        return bool(self._hidden)

    def redact_text(self, text: str) -> str:
        """Replace the values in a text."""
        if not self._hidden:
            return text
        if text in self._labels:
            return self._labels[text]
        for hidden in self._hidden:
            for spelling in () if hidden.is_short else hidden.spellings:
                text = spelling.replace_in(text, hidden.label)
        return text

    def redact_value(self, value: Any) -> Any:
        """Replace the values in JSON-like data: in its texts, keys and numbers."""
        if isinstance(value, str):
            return self.redact_text(value)
        return self._find_candidates(value)._redact_inside(value) if self._hidden else value

    def _find_candidates(self, value: Any) -> Redactor:
        """Find out which values may be in data at all. Mostly there is none, and that is quick to see."""
        try:
            text = json.dumps(value, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError):  # it is not JSON
            return self
        candidates = Redactor()
        candidates._keep([each for each in self._hidden if each.may_be_in(text)])
        return candidates

    def _redact_inside(self, value: Any) -> Any:
        if not self._hidden:
            return value
        if isinstance(value, str):
            return self.redact_text(value)
        if isinstance(value, dict):
            return self._redact_object(cast("Mapping[Any, Any]", value))
        if isinstance(value, list | tuple):
            return self._redact_list(cast("Sequence[Any]", value))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._labels.get(str(value), value)
        return value

    def find_label(self, value: Any) -> str | None:
        """Say what is the label of the first value that JSON-like data holds; None if it holds none."""
        if self.redact_value(value) is value:
            return None
        return next(
            each.label
            for each in self._hidden
            if Redactor([(each.value, each.label)]).redact_value(value) is not value
        )

    def _redact_object(self, given: Mapping[Any, Any]) -> Mapping[Any, Any]:
        items = [(self._redact_inside(key), self._redact_inside(value)) for key, value in given.items()]
        changed = (a is not b or c is not d for (a, c), (b, d) in zip(items, given.items(), strict=True))
        return dict(items) if any(changed) else given

    def _redact_list(self, given: Sequence[Any]) -> Sequence[Any]:
        items = [self._redact_inside(each) for each in given]
        if all(a is b for a, b in zip(items, given, strict=True)):
            return given
        return tuple(items) if isinstance(given, tuple) else items
