"""Did you mean ...?  By spelling, and by what the neighbours' languages say."""

from __future__ import annotations

from collections.abc import Iterable

NEIGHBOURS = {
    "len": "size",
    "length": "size",
    "count": "size",
    "str": "string",
    "toString": "string",
    "float": "double",
    "number": "double",
    "parseInt": "int",
    "typeof": "type",
    "tojson": "toJson",
    "dumps": "toJson",
    "stringify": "toJson",
    "lowerAscii": "lower",
    "toLowerCase": "lower",
    "upperAscii": "upper",
    "toUpperCase": "upper",
    "strip": "trim",
    "startswith": "startsWith",
    "endswith": "endsWith",
    "includes": "contains",
    "substring": "slice",
    "items": "entries",
    "select": "filter",
    "where": "filter",
    "collect": "map",
    "any": "exists",
    "some": "exists",
    "every": "all",
    "existsOne": "exists_one",
    "sort": "sortBy",
    "sorted": "sortBy",
    "sort_by": "sortBy",
    "group_by": "groupBy",
    "unique": "distinct",
    "uniq": "distinct",
    "flat": "flatten",
    "reversed": "reverse",
    "head": "first",
    "and": "&&",
    "or": "||",
    "not": "!",
    "is": "==",
    "None": "null",
    "nil": "null",
    "undefined": "null",
    "True": "true",
    "False": "false",
    "inputs": "input",
    "variables": "vars",
    "workflow": "run",
    "output": "result",
    "outputs": "result",
}
"""Words of Python, JavaScript, CEL, GitHub Actions ... and what they are called here."""

WORDS = ("null", "true", "false", "&&", "||", "!", "==")
"""What can be meant by an unknown name, besides another name."""

_MOST_WORDS = 250
_LONGEST_WORD = 40


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The hint for an unknown `word`, or None. The same for every order of `known`."""
    found = find_closest(word, known)
    return None if found is None else f"did you mean '{found}'?"


def find_closest(word: str, known: Iterable[str]) -> str | None:
    """The word of `known` that was probably meant, or None when none is near (or there are too many)."""
    words = list(known)
    neighbour = NEIGHBOURS.get(word)
    if neighbour in words:
        return neighbour
    if len(words) > _MOST_WORDS or len(word) > _LONGEST_WORD:
        return None
    allowed = 1 if len(word) < 4 else 2
    near = [
        (measure_distance(word.lower(), other.lower(), allowed), other)
        for other in words
        if len(other) <= _LONGEST_WORD
    ]
    best = min(near, default=None)
    return best[1] if best is not None and best[0] <= allowed and best[0] < len(word) else None


def measure_distance(one: str, other: str, most: int) -> int:
    """Edits from `one` to `other`: letters put in, left out, changed, or two neighbours swapped.

    Exact up to `most`; beyond, some number above `most`. Only cells within `most` of the diagonal can matter.
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
