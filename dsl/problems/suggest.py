"""The nearest word is the one that the writer has probably meant.

There is one measure for the words of definitions, the names in expressions and the commands: the number of edits.
`difflib` would do for most of it, but a hint is part of the error of a run. It must be the same when another Python
replays that run, and no data may make it slow. So this measure is our own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from dsl.problems.neighbours import IN_DEFINITIONS

_MOST_NAMES: Final = 250
"""Among more names than these, no nearest one is looked for."""
_LONGEST_NAME: Final = 40
"""In code points. For a longer name, no nearest one is looked for."""
_MOST_EDITS: Final = 5


def did_you_mean(
    word: str, known: Iterable[str], neighbours: Mapping[str, str] = IN_DEFINITIONS
) -> str | None:
    """Suggest a known word, `did you mean "compensate"?`; None when nothing comes close."""
    found = find_nearest(word, known, neighbours)
    return None if found is None else f'did you mean "{found}"?'


def find_nearest(
    word: str, known: Iterable[str], neighbours: Mapping[str, str] = IN_DEFINITIONS
) -> str | None:
    """Find the known word that `word` most likely stands for; None when none comes close.

    The answer does not depend on the order of `known`.

    Args:
        word: What was found.
        known: What would be accepted.
        neighbours: Words of neighbouring languages, and what they are called here.
    """
    names = sorted(known)
    if len(names) > _MOST_NAMES:
        return None
    folded = _fold(word)
    for name in names:
        if _fold(name) == folded:
            return name
    meant = neighbours.get(word) or neighbours.get(folded, "")
    for way in (meant, meant.split(".")[-1]):  # `timeouts.heartbeat`; inside timeouts, just `heartbeat`
        if way.split(".")[0] in names:
            return way
    longer = [name for name in names if _fold(name).startswith(f"{folded}_")]
    return longer[0] if len(longer) == 1 else _find_by_edits(folded, names)


def find_misspelt(word: str, known: Iterable[str]) -> str | None:
    """Find the known word of which `word` is hardly more than a slip: one wrong letter, or one in eight; or None.

    This is for places where any word may stand, so that a known one must not be read into another.
    """
    found = find_nearest(word, known, {})
    if found is None or len(word) < 2:
        return None
    most = max(1, len(word) // 8)
    return found if measure_distance(_fold(word), _fold(found), most) <= most else None


def _fold(name: str) -> str:
    return name.replace("-", "_").lower()


def _find_by_edits(word: str, names: list[str]) -> str | None:
    """Find the name with the fewest edits."""
    if len(word) > _LONGEST_NAME:
        return None
    allowed = 1 if len(word) < 4 else min(max(2, len(word) // 3), _MOST_EDITS)
    near = {
        name: distance
        for name in names
        if len(name) <= _LONGEST_NAME
        and (distance := measure_distance(word, _fold(name), allowed)) <= allowed
    }
    if len(word) == 1:
        # Every name of two letters is one edit away. It counts only if the letter is in it.
        near = {name: distance for name, distance in near.items() if word in _fold(name)}
    return min(near, key=lambda name: (near[name], *_compare(word, _fold(name))), default=None)


def _compare(word: str, name: str) -> tuple[bool, bool, int]:
    """Order names with equally many edits: first the same letters, then the same beginning, then the longer name.

    A letter is more often left out than a wrong one typed, and one too many is the least common slip.
    """
    return sorted(name) != sorted(word), name[:1] != word[:1], -len(name)


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
