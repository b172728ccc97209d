"""A syntax error is explained by what the parser says, and by the text around it."""

from __future__ import annotations

from typing import NamedTuple

from dsl.source.map import SourceMap


class Mistake(NamedTuple):
    """This is where and why the parser gave up. All places are offsets."""

    words: str
    """The parser's own words, which nobody else is to see."""
    where: int
    since: int
    """Where the thing began that could not be finished."""
    quoted: tuple[int, int] | None = None
    """The start and the end of the value before `where`, if that is in quotes."""
    bracket: int | None = None
    """The innermost bracket that is still open."""


class Finding(NamedTuple):
    """This is what the writer did, and how to mend it."""

    message: str
    hint: str | None
    where: int
    sure: bool = False
    """Whether the hint stands even if an expression is near. Most often that lacks quotes."""


class Page:
    """A page is the text around a mistake."""

    def __init__(self, text: str, mistake: Mistake) -> None:
        self.source = SourceMap("", text)
        self.text = text
        self.mistake = mistake

    @property
    def character(self) -> str:
        """Get what the parser stumbled over; nothing at the end of the text."""
        return self.text[self.mistake.where : self.mistake.where + 1]

    @property
    def ended(self) -> bool:
        """Tell whether only blanks follow the mistake."""
        return not self.text[self.mistake.where :].strip()

    @property
    def quoted(self) -> tuple[int, int] | None:
        """Get the start and the end of the value in quotes that ends before the mistake, on the same line."""
        quoted = self.mistake.quoted
        return (
            quoted
            if quoted and self.get_line_number(quoted[1]) == self.get_line_number(self.mistake.where)
            else None
        )

    @property
    def first_on_line(self) -> bool:
        """Tell whether only blanks stand before the mistake on its line."""
        return not self.read_before().strip()

    def get_line_number(self, offset: int) -> int:
        return self.source.locate_offset(offset).line

    def get_line(self, offset: int) -> str:
        return self.source.get_line(self.get_line_number(offset))

    def read_before(self) -> str:
        """Read what stands on the line before the mistake."""
        place = self.source.locate_offset(self.mistake.where)
        return self.source.get_line(place.line)[: place.column - 1]

    def find_line_above(self) -> str:
        """Find the nearest line above that is neither blank nor comment."""
        lines = map(self.source.get_line, range(self.get_line_number(self.mistake.where) - 1, 0, -1))
        return next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
