"""Typos are made, and what the check says of each is judged.

What counts: the mistake is *at its place* if the caret is under the misspelt word, and under no more than that. For a
name, that is also the case if the caret is under the same name elsewhere, as it is correctly written there: nobody
can know which of the two is the mistake. The suggestion is right if it is the original word, or, elsewhere, the word
as it is misspelt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

from dsl.check import check
from dsl.problems.located import Located, list_located
from dsl.reading.reader import find_files, read_text
from dsl.rules.activities import Catalogue
from dsl.source.map import Position, SourceMap, Span
from tests.dsl.typos.words import At, Word, find_words

WAYS = ("delete", "swap", "replace", "insert")


@dataclass(frozen=True)
class Typo:
    """One letter of a word is wrong."""

    word: Word
    misspelt: str


@dataclass
class Judged:
    """What the check says of a typo."""

    typo: Typo
    shown: list[Located]
    first_error: bool
    """Whether the first error is at the typo; where there are only warnings, whether the first one is."""
    first_problem: bool
    suggestion: bool

    @property
    def noticed(self) -> bool:
        """Whether anything is said at all."""
        return bool(self.shown)

    @property
    def alone(self) -> bool:
        """Whether one problem is said, and no other."""
        return len(self.shown) == 1

    @property
    def is_right(self) -> bool:
        """Whether all is as it should be. Other problems may follow: a name may be used at several places."""
        return self.first_error and self.first_problem and self.suggestion


SAID = ("noticed", "first_error", "first_problem", "suggestion", "alone")


@dataclass
class Tally:
    """What was found of many typos."""

    all: int = 0
    hits: Counter[str] = field(default_factory=Counter[str])

    def add(self, judged: Judged) -> None:
        """Count one typo."""
        self.all += 1
        self.hits.update(name for name in SAID if getattr(judged, name))

    def rate(self, name: str) -> float:
        """Get the share of typos of which it is true."""
        return self.hits[name] / max(1, self.all)

    def __str__(self) -> str:
        return f"{self.all:6}  " + "  ".join(f"{name} {self.rate(name):.2%}" for name in SAID)


class Page:
    """A definition as it is shipped, in which typos are made."""

    def __init__(self, file: Path, catalogue: Catalogue) -> None:
        self.name = file.name
        self.text = file.read_text(encoding="utf-8")
        beside = {name: file.parent / path for name, path in find_files(read_text(self.text).data)}
        self.files = {name: part.read_text(encoding="utf-8") for name, part in beside.items()}
        self.catalogue = catalogue
        checked = check(read_text(self.text, self.name, self.files))
        assert checked.definition is not None
        self.words = find_words(checked.definition, checked.source, catalogue)

    def list_typos(self, per_way: int = 1) -> Iterator[Typo]:
        """List typos of every word: of each way to misspell it, some."""
        for word in self.words:
            for way in WAYS:
                yield from self._misspell(word, way, per_way)

    def _misspell(self, word: Word, way: str, most: int) -> Iterator[Typo]:
        text = word.text
        seed = crc32(f"{self.name}:{word.at[0]}:{way}".encode())
        made = 0
        for turn in range(len(text)):
            place = (seed + turn) % len(text)
            letter = "abcdefghijklmnopqrstuvwxyz"[(seed // 7 + turn) % 26]
            misspelt = {
                "delete": text[:place] + text[place + 1 :],
                "swap": text[:place] + text[place : place + 2][::-1] + text[place + 2 :],
                "replace": text[:place] + letter + text[place + 1 :],
                "insert": text[:place] + letter + text[place:],
            }[way]
            if misspelt in (text, *word.legal) or not misspelt:
                continue
            yield Typo(word, misspelt)
            made += 1
            if made == most:
                return

    def judge(self, typo: Typo) -> Judged:
        """Check the definition with a typo in it."""
        start, end = typo.word.at
        text = self.text[:start] + typo.misspelt + self.text[end:]
        checked = check(read_text(text, self.name, self.files), self.catalogue)
        shown = list_located(checked.problems, checked.source)
        first_error = next((each for each in shown if each.problem.severity == "error"), None)
        told = first_error or next(iter(shown), None)
        there = self._find_correction(told, typo, checked.source) if told else None
        first = self._find_correction(shown[0], typo, checked.source) if shown else None
        hint = (told.problem.hint or "") if told else ""
        return Judged(
            typo,
            shown,
            there is not None,
            first is not None,
            there is not None and f'did you mean "{there}"' in hint,
        )

    def _find_correction(self, told: Located, typo: Typo, source: SourceMap) -> str | None:
        """Find what the right suggestion is at the place of a problem; None if it is no place of the typo."""
        (start, end), longer = typo.word.at, len(typo.misspelt) - len(typo.word.text)
        if _is_at(told.span, (start, end + longer), source):
            return typo.word.text
        for one in typo.word.elsewhere:
            moved = (one[0] + longer, one[1] + longer) if one[0] > start else one
            if _is_at(told.span, moved, source):
                return typo.misspelt
        return None


def _is_at(span: Span, place: At, source: SourceMap) -> bool:
    """Tell whether a caret is under a word; quotes around the word may have it, too."""
    start, end = _get_offset(span.start, source), _get_offset(span.end, source)
    return place[0] - 1 <= start < place[1] and end <= place[1] + 1


def _get_offset(position: Position, source: SourceMap) -> int:
    lines = source.text.splitlines(keepends=True)
    return sum(map(len, lines[: position.line - 1])) + position.column - 1
