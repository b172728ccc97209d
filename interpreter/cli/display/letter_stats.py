"""Dead letters are counted, and the counts are shown as a table, or as records for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dsl.problems.snippet import make_printable
from dsl.scalars.time import format_time
from interpreter.letters.summary import LetterSummary


@dataclass(frozen=True, slots=True)
class LetterGroup:
    """Letters that have all in common by which they are counted."""

    names: dict[str, str]
    """`queue`, `definition`, `step`, `error_type` and `state`."""
    count: int
    oldest: datetime
    """When the first of them failed first."""

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {**self.names, "count": self.count, "oldest": format_time(self.oldest)}


def count_letters(letters: Iterable[LetterSummary]) -> list[LetterGroup]:
    """Count letters, the largest groups first."""
    groups: dict[tuple[str, ...], list[datetime]] = {}
    for each in letters:
        key = (each.queue, each.definition, each.step_name, each.error_type, each.status.value)
        groups.setdefault(key, []).append(each.first_failed_at)
    found = [
        LetterGroup(dict(zip(_NAMES, key, strict=True)), len(times), min(times))
        for key, times in groups.items()
    ]
    return sorted(found, key=lambda group: group.count, reverse=True)


def format_groups(groups: Iterable[LetterGroup]) -> Iterator[str]:
    """Format the counts as a table, line by line."""
    rows = [["letters", *(name.replace("_", " ") for name in _NAMES), "oldest"]]
    rows += [
        [str(each.count), *map(make_printable, each.names.values()), format_time(each.oldest)]
        for each in groups
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip()


_NAMES = ("queue", "definition", "step", "error_type", "state")
