"""Syntax errors in the words of the person who wrote the file.

The parser knows what it had expected; what the writer did is seen in the text around it. One function per
way to fail, chosen by the parser's words in a table at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from dsl.problem import Problem
from dsl.source import SourceMap

QUOTE: Final = "put the value in single quotes"
_COLON_AND_SPACE: Final = re.compile(r":(?=\s|$)")
_TAB: Final = "replace it by spaces"
_BRACKETS: Final = {"[": "]", "{": "}"}
_LONGEST_KEY: Final = 1024
"""Code points: what YAML allows for a key that is not introduced by `?`."""


class Mistake(NamedTuple):
    """Where and why the parser gave up. All places are offsets."""

    words: str
    """The parser's own; nobody else is to see them."""
    where: int
    since: int
    """Where the thing began that could not be finished."""
    quoted: tuple[int, int] | None = None
    """Start and end of the value before `where`, if that is in quotes."""
    bracket: int | None = None
    """The innermost bracket that is still open."""


class Finding(NamedTuple):
    """What the writer did, and how to mend it."""

    message: str
    hint: str | None
    where: int
    sure: bool = False
    """Whether the hint stands even if an expression is near, which most often lacks quotes."""


def syntax_problem(text: str, mistake: Mistake) -> Problem:
    """The problem, placed where it is to be mended, which is not always where the parser gave up."""
    page = _Page(text, mistake)
    found = _TABLE.get(mistake.words, _unknown)(page)
    near = page.line(found.where) + page.line(mistake.where)
    hint = QUOTE if "${" in near and not found.sure else found.hint
    start = found.where if found.where < len(text) else len(text.rstrip())
    return Problem(
        "yaml-syntax", found.message, hint=hint, span=page.source.span(start, min(start + 1, len(text)))
    )


class _Page:
    """The text around a mistake."""

    def __init__(self, text: str, mistake: Mistake) -> None:
        self.source = SourceMap("", text)
        self.text = text
        self.mistake = mistake

    @property
    def character(self) -> str:
        """What the parser stumbled over; nothing at the end of the text."""
        return self.text[self.mistake.where : self.mistake.where + 1]

    @property
    def ended(self) -> bool:
        return not self.text[self.mistake.where :].strip()

    @property
    def first_on_line(self) -> bool:
        return not self.before().strip()

    def number(self, offset: int) -> int:
        return self.source.position(offset).line

    def line(self, offset: int) -> str:
        return self.source.line(self.number(offset))

    def before(self) -> str:
        """What stands on the line before the mistake."""
        place = self.source.position(self.mistake.where)
        return self.source.line(place.line)[: place.column - 1]

    def line_above(self) -> str:
        """The nearest line above that is neither blank nor comment."""
        lines = map(self.source.line, range(self.number(self.mistake.where) - 1, 0, -1))
        return next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")


def _unknown(page: _Page) -> Finding:
    return Finding(
        "this cannot stand here", "text with special characters goes in single quotes", page.mistake.where
    )


def _tab(page: _Page) -> Finding:
    return Finding("a tab stands where YAML takes only spaces", _TAB, page.mistake.where, sure=True)


def _first_character(page: _Page) -> Finding:
    if page.character == "\t":
        return _tab(page)
    return Finding(f"text cannot begin with {page.character}", QUOTE, page.mistake.where)


def _open_quote(page: _Page) -> Finding:
    quote = page.text[page.mistake.since]
    return Finding(
        "the quote that opens here is never closed", f"add the closing {quote}", page.mistake.since, True
    )


def _after_quote(page: _Page, start: int, end: int) -> Finding:
    quote = page.text[end - 1]
    doubled = "''" if quote == "'" else '\\"'
    if page.number(start) != page.number(end):
        return Finding(
            "the quote that opens here is closed only on a later line",
            f"add the closing {quote}",
            start,
            True,
        )
    hint = f"inside these quotes write {doubled} for {quote}"
    return Finding("text follows the closing quote", hint, page.mistake.where, True)


def _open_bracket(page: _Page) -> Finding:
    mistake = page.mistake
    opening = page.text[mistake.since]
    if page.character == "{" and page.before().endswith("$"):
        return Finding("an expression inside [ ] or { } needs quotes", QUOTE, mistake.where - 1)
    if page.number(mistake.since) != page.number(mistake.where) or page.ended:
        return _never_closed(page, mistake.since)
    if page.character in "]}":
        return Finding(
            f"{page.character} cannot close {opening}", f"write {_BRACKETS[opening]}", mistake.where
        )
    hint = "text with special characters goes in single quotes"
    return Finding(f"a comma or {_BRACKETS[opening]} is missing before this", hint, mistake.where)


def _never_closed(page: _Page, bracket: int) -> Finding:
    opening = page.text[bracket]
    return Finding(
        f"the {opening} that opens here is not closed", f"add the closing {_BRACKETS[opening]}", bracket
    )


def _no_value(page: _Page) -> Finding:
    bracket = page.mistake.bracket
    if bracket is not None and (page.ended or page.first_on_line):
        return _never_closed(page, bracket)
    if page.character in ("]", "}") and bracket is None:
        return _closes_nothing(page)
    return Finding(
        "a value is missing before this", "text with special characters goes in quotes", page.mistake.where
    )


def _closes_nothing(page: _Page) -> Finding:
    return Finding(
        f"this {page.character} closes nothing", "remove it, or put the text in quotes", page.mistake.where
    )


def _no_key(page: _Page) -> Finding:
    mistake = page.mistake
    if mistake.quoted and page.number(mistake.quoted[1]) == page.number(mistake.where):
        return _after_quote(page, *mistake.quoted)
    if page.character in ("]", "}"):
        return _closes_nothing(page)
    if page.character == ":":
        return Finding(
            "a key is missing before the colon", 'write a key, or "" for an empty one', mistake.where
        )
    if page.character in ("&", "*"):
        return Finding("a value has at most one anchor, and an alias none", QUOTE, mistake.where)
    if page.character == "-" and page.first_on_line:
        return Finding(
            "a list item stands among the keys of a map", "indent the list under its key", mistake.where
        )
    return _misplaced(page, "a map", "indent the keys of a map alike, and what their values hold deeper")


def _no_item(page: _Page) -> Finding:
    return _misplaced(page, "a list", "begin items with - and a space, and indent what they hold deeper")


def _misplaced(page: _Page, what: str, hint: str) -> Finding:
    if not page.first_on_line:
        return _unknown(page)
    place = page.source.position(page.mistake.since)
    message = f"this does not continue {what} that begins on line {place.line}, column {place.column}"
    return Finding(message, hint, page.mistake.where)


def _colon(page: _Page) -> Finding:
    """A colon and a space where no key can end."""
    where, before = page.mistake.where, page.before()
    if _COLON_AND_SPACE.search(before):
        return Finding("a colon and a space stand inside a value without quotes", QUOTE, where)
    if len(before) > _LONGEST_KEY:
        return Finding(
            f"a key has at most {_LONGEST_KEY} characters", "is this text? Put it in quotes", where
        )
    if before.startswith("---"):
        return Finding("a map cannot begin on the line of ---", "begin it on the next line", where)
    return _colon_below_text(page)


def _colon_below_text(page: _Page) -> Finding:
    where, above = page.mistake.where, page.line_above()
    start = where - len(page.before().lstrip())
    if _COLON_AND_SPACE.search(above):
        hint = "indent the keys of a map alike, or put the text above in quotes"
        return Finding("this key is indented too deep: the line above has its value already", hint, start)
    return Finding(
        "this key comes after text that is no key", "write a colon and a space after the key above", start
    )


def _no_colon(page: _Page) -> Finding:
    start = page.mistake.since
    line = page.text[start : page.mistake.where].strip()
    glued = ":" in line and not line.startswith(("'", '"'))
    message = (
        "a space is missing after the colon" if glued else "a colon and a space are missing after this key"
    )
    hint = "write key: value" if len(line) <= _LONGEST_KEY else f"a key has at most {_LONGEST_KEY} characters"
    return Finding(message, hint, start)


def _list_beside_key(page: _Page) -> Finding:
    hint = "begin the list on the next line; text that begins with - goes in single quotes"
    return Finding("a list cannot begin on the line of its key", hint, page.mistake.where)


def _question_mark(page: _Page) -> Finding:
    return Finding("text cannot begin with a question mark and a space", QUOTE, page.mistake.where)


def _no_name(page: _Page) -> Finding:
    sign = page.text[page.mistake.since]
    what = "an alias" if sign == "*" else "an anchor"
    return Finding(f"{sign} begins {what} and needs a name", QUOTE, page.mistake.since)


def _glued_colon(page: _Page) -> Finding:
    hint = "write a space after it; text with a colon, such as a URL, goes in quotes"
    return Finding("inside [ ] and { } a colon needs a space after it", hint, page.mistake.where)


def _bad_escape(page: _Page) -> Finding:
    escape = page.text[page.mistake.where : page.mistake.where + 2]
    hint = "write \\\\ for a backslash, or use single quotes"
    return Finding(f"{escape} means nothing in double quotes", hint, page.mistake.where, sure=True)


def _bad_code(page: _Page) -> Finding:
    hint = "write \\xFF, \\uFFFF or \\UFFFFFFFF with the number of one character, or the character itself"
    return Finding("this escape is not the code of a character", hint, page.mistake.where, sure=True)


def _block_header(page: _Page) -> Finding:
    hint = "begin the text on the next line, indented; on this line only - + and 1 to 9 may follow"
    return Finding("text cannot begin on the line of | or >", hint, page.mistake.where)


def _bad_tag(page: _Page) -> Finding:
    return Finding("text cannot begin with !, which begins a tag", QUOTE, page.mistake.since)


def _no_document(page: _Page) -> Finding:
    return Finding("a line --- is missing after %YAML 1.2", "add it, or remove %YAML 1.2", page.mistake.where)


_Explain: TypeAlias = Callable[[_Page], Finding]
_TABLE: Final[Mapping[str, _Explain]] = MappingProxyType(
    {
        "found character that cannot start any token": _first_character,
        "found a tab character that violates indentation": _tab,
        "found a tab character where an indentation space is expected": _tab,
        "found unexpected end of stream": _open_quote,
        "found unexpected document indicator": _open_quote,
        "did not find expected ',' or ']'": _open_bracket,
        "did not find expected ',' or '}'": _open_bracket,
        "did not find expected node content": _no_value,
        "did not find expected key": _no_key,
        "did not find expected '-' indicator": _no_item,
        "mapping values are not allowed in this context": _colon,
        "mapping keys are not allowed in this context": _question_mark,
        "block sequence entries are not allowed in this context": _list_beside_key,
        "could not find expected ':'": _no_colon,
        "found unexpected ':'": _glued_colon,
        "did not find expected alphabetic or numeric character": _no_name,
        "found unknown escape character": _bad_escape,
        "did not find expected hexdecimal number": _bad_code,
        "found invalid Unicode character escape code": _bad_code,
        "did not find expected comment or line break": _block_header,
        "found an indentation indicator equal to 0": _block_header,
        "did not find expected tag URI": _bad_tag,
        "did not find the expected '>'": _bad_tag,
        "did not find expected '!'": _bad_tag,
        "did not find expected whitespace or line break": _bad_tag,
        "found undefined tag handle": _bad_tag,
        "did not find expected <document start>": _no_document,
    }
)
