"""The nearest word is the one that the writer has probably meant.

There are two measures, because they serve two places, and neither can do the work of the other.

The words of a definition are long, and composed of several: `Timeout.StartToEnd`, `on_branch_failure`. What two of
them share counts more than what differs. `difflib` measures that. The check of a file asks for it, and whoever
refuses a message that is not declared.

The names in an expression are short, and may be the keys of any data. There the number of edits counts: `ue` is `eu`,
but nothing like `use`. The hint is part of the error of a run, so it must be the same when another Python replays
that run, and no data may make it slow. So this measure is our own.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

from dsl.problems.neighbours import IN_DEFINITIONS, IN_EXPRESSIONS

_MOST_NAMES: Final = 250
"""Among more names than these, no nearest one is looked for."""
_LONGEST_NAME: Final = 40
"""In code points. For a longer name, no nearest one is looked for."""


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Suggest a word of the definition, `did you mean "compensate"?`; None when nothing comes close."""
    found = find_nearest_word(word, known)
    return None if found is None else f'did you mean "{found}"?'


def did_you_mean_name(name: str, known: Iterable[str]) -> str | None:
    """Suggest a name in an expression, `did you mean 'input'?`; None when nothing comes close."""
    found = find_nearest_name(name, known)
    return None if found is None else f"did you mean '{found}'?"


def find_nearest_word(word: str, known: Iterable[str]) -> str | None:
    """Find the known word of a definition that `word` most likely stands for; None when none comes close."""
    choices = list(known)
    folded = word.replace("-", "_").lower()
    if folded in choices:
        return folded
    meant = IN_DEFINITIONS.get(folded, "")
    for way in (meant, meant.split(".")[-1]):  # `timeouts.heartbeat`; inside timeouts, just `heartbeat`
        if way.split(".")[0] in choices:
            return way
    longer = [choice for choice in choices if choice.startswith(f"{folded}_")]
    if len(longer) == 1:
        return longer[0]
    close = difflib.get_close_matches(folded, choices, n=1, cutoff=0.6 if len(folded) > 4 else 0.7)
    return close[0] if close else None


def find_nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Find the known name that was probably meant in an expression; None when none is near, or there are too many.

    The answer does not depend on the order of `known`.
    """
    names = list(known)
    neighbour = IN_EXPRESSIONS.get(name)
    if neighbour in names:
        return neighbour
    if len(names) > _MOST_NAMES or len(name) > _LONGEST_NAME:
        return None
    allowed = 1 if len(name) < 4 else 2
    near = [
        (measure_distance(name.lower(), other.lower(), allowed), other)
        for other in names
        if len(other) <= _LONGEST_NAME
    ]
    best = min(near, default=None)
    return best[1] if best is not None and best[0] <= allowed and best[0] < len(name) else None


def measure_distance(one: str, other: str, most: int) -> int:
    """Count the edits from `one` to `other`: letters put in, left out or changed, and neighbours swapped.

    The count is exact up to `most`, and beyond that it is some number above `most`. Only those cells of the table can
    matter that are within `most` of its diagonal.
    """
    far = most + 1
    if abs(len(one) - len(other)) > most:
        return far
    above: list[int] = []
    before: list[int] = []
    row = [min(j, far) for j in range(len(other) + 1)]
    for i, letter in enumerate(one, 1):
        above, before, row = before, row, [far] * len(row)
        if i <= most:
            row[0] = i
        for j in range(max(1, i - most), min(len(other), i + most) + 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other[j - 1]))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == other[j - 1]:
                cost = min(cost, above[j - 2] + 1)
            row[j] = min(cost, far)
    return row[-1]
