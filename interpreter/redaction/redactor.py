"""Values that must not be seen are replaced in texts and JSON data by what they are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from interpreter.redaction.spellings import Spelling, list_spellings

SHORTEST_INSIDE = 6
"""Characters. A shorter value may be a part of any word: it is replaced only where it is a whole text."""


class _Hidden(NamedTuple):
    value: str
    label: str
    spellings: tuple[Spelling, ...]
    """There are none for a value that is too short to be looked for inside of a text."""


class Redactor:
    """Replaces values by their labels. It never changes: `with_value` makes another one.

    What holds none of the values is returned as it is, the very object.
    """

    def __init__(self, values: Iterable[tuple[str, str]] = ()) -> None:
        """
        Args:
            values: Values, each with its label; empty ones are left out.
        """
        hidden = (
            _Hidden(value, label, list_spellings(value) if len(value) >= SHORTEST_INSIDE else ())
            for value, label in dict(values).items()
            if value
        )
        # one that is a part of another comes after it
        self._hidden = tuple(sorted(hidden, key=lambda each: -len(each.value)))
        self._labels = {each.value: each.label for each in self._hidden}

    def redact_text(self, text: str) -> str:
        """Replace the values in a text."""
        if not self._hidden:
            return text
        if text in self._labels:
            return self._labels[text]
        for _, label, spellings in self._hidden:
            for spelling in spellings:
                text = spelling.replace_in(text, label)
        return text

    def redact_value(self, value: Any) -> Any:
        """Replace the values in JSON-like data: in its texts, keys and whole numbers."""
        if not self._hidden:
            return value
        if isinstance(value, str):
            return self.redact_text(value)
        if isinstance(value, dict):
            return self._redact_object(cast("Mapping[Any, Any]", value))
        if isinstance(value, list | tuple):
            return self._redact_list(cast("Sequence[Any]", value))
        if isinstance(value, int) and not isinstance(value, bool):
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
        items = [(self.redact_value(key), self.redact_value(value)) for key, value in given.items()]
        changed = (a is not b or c is not d for (a, c), (b, d) in zip(items, given.items(), strict=True))
        return dict(items) if any(changed) else given

    def _redact_list(self, given: Sequence[Any]) -> Sequence[Any]:
        items = [self.redact_value(each) for each in given]
        if all(a is b for a, b in zip(items, given, strict=True)):
            return given
        return tuple(items) if isinstance(given, tuple) else items
