"""Syntax errors are explained in the words of the person who wrote the file.

The parser knows what it had expected. What the writer did is seen in the text around it. There is one function for
each way to fail, and a table at the end chooses it by the parser's words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from dsl.problems.problem import Problem
from dsl.reading import complaints
from dsl.reading.page import Finding, Mistake, Page

QUOTE: Final = "put the value in single quotes"
_COLON_AND_SPACE: Final = re.compile(r":(?=\s|$)")
_TAB: Final = "replace it by spaces"
_BRACKETS: Final = {"[": "]", "{": "}"}
_LONGEST_KEY: Final = 1024
"""In code points: what YAML allows for a key that is not introduced by `?`."""


def explain_syntax_error(text: str, mistake: Mistake) -> Problem:
    """Build the problem, at the place where it is to be mended. That is not always where the parser gave up."""
    page = Page(text, mistake)
    found = _TABLE.get(mistake.words, _explain_unknown)(page)
    near = page.get_line(found.where) + page.get_line(mistake.where)
    hint = QUOTE if "${" in near and not found.sure else found.hint
    start = found.where if found.where < len(text) else len(text.rstrip())
    return Problem(
        "yaml-syntax",
        found.message,
        hint=hint,
        span=page.source.locate_span(start, min(start + 1, len(text))),
    )


def _explain_unknown(page: Page) -> Finding:
    return Finding(
        "this cannot stand here", "text with special characters goes in single quotes", page.mistake.where
    )


def _explain_tab(page: Page) -> Finding:
    return Finding("a tab stands where YAML takes only spaces", _TAB, page.mistake.where, sure=True)


def _explain_first_character(page: Page) -> Finding:
    if page.character == "\t":
        return _explain_tab(page)
    return Finding(f"text cannot begin with {page.character}", QUOTE, page.mistake.where)


def _explain_open_quote(page: Page) -> Finding:
    quote = page.text[page.mistake.since]
    return Finding(
        "the quote that opens here is never closed", f"add the closing {quote}", page.mistake.since, True
    )


def _explain_text_after_quote(page: Page, start: int, end: int) -> Finding:
    quote = page.text[end - 1]
    doubled = "''" if quote == "'" else '\\"'
    if page.get_line_number(start) != page.get_line_number(end):
        return Finding(
            "the quote that opens here is closed only on a later line",
            f"add the closing {quote}",
            start,
            True,
        )
    hint = f"inside these quotes write {doubled} for {quote}"
    return Finding("text follows the closing quote", hint, page.mistake.where, True)


def _explain_open_bracket(page: Page) -> Finding:
    where, bracket = page.mistake.where, page.mistake.bracket
    if bracket is None:
        return _explain_unknown(page)
    opening = page.text[bracket]
    if page.character == "{" and page.read_before().endswith("$"):
        return Finding("an expression inside [ ] or { } needs quotes", QUOTE, where - 1)
    if page.get_line_number(bracket) != page.get_line_number(where) or page.ended:
        return _explain_never_closed(page, bracket)
    if page.character in "]}":
        return Finding(f"{page.character} cannot close {opening}", f"write {_BRACKETS[opening]}", where)
    hint = "text with special characters goes in single quotes"
    return Finding(f"a comma or {_BRACKETS[opening]} is missing before this", hint, where)


def _explain_never_closed(page: Page, bracket: int) -> Finding:
    opening = page.text[bracket]
    return Finding(
        f"the {opening} that opens here is not closed", f"add the closing {_BRACKETS[opening]}", bracket
    )


def _explain_missing_value(page: Page) -> Finding:
    bracket = page.mistake.bracket
    if bracket is not None and (page.ended or page.first_on_line):
        return _explain_never_closed(page, bracket)
    if page.character in ("]", "}") and bracket is None:
        return _explain_stray_bracket(page)
    return Finding(
        "a value is missing before this", "text with special characters goes in quotes", page.mistake.where
    )


def _explain_stray_bracket(page: Page) -> Finding:
    return Finding(
        f"this {page.character} closes nothing", "remove it, or put the text in quotes", page.mistake.where
    )


def _explain_missing_key(page: Page) -> Finding:
    mistake = page.mistake
    if quoted := page.quoted:
        return _explain_text_after_quote(page, *quoted)
    if page.character in ("]", "}"):
        return _explain_stray_bracket(page)
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
    return _explain_misplaced(
        page, "a map", "indent all keys of a map alike, and the content of their values deeper"
    )


def _explain_missing_item(page: Page) -> Finding:
    if quoted := page.quoted:
        return _explain_text_after_quote(page, *quoted)
    return _explain_misplaced(
        page, "a list", "begin items with - and a space, and indent their content deeper"
    )


def _explain_misplaced(page: Page, what: str, hint: str) -> Finding:
    if not page.first_on_line:
        return _explain_unknown(page)
    place = page.source.locate_offset(page.mistake.since)
    message = f"this does not continue {what} that begins on line {place.line}, column {place.column}"
    return Finding(message, hint, page.mistake.where)


def _explain_colon(page: Page) -> Finding:
    """Explain a colon and a space where no key can end."""
    where, before = page.mistake.where, page.read_before()
    if _COLON_AND_SPACE.search(before):
        return Finding("a colon and a space stand inside a value without quotes", QUOTE, where)
    if len(before) > _LONGEST_KEY:
        return Finding(
            f"a key has at most {_LONGEST_KEY} characters", "is this text? Put it in quotes", where
        )
    if before.startswith("---"):
        return Finding("a map cannot begin on the line of ---", "begin it on the next line", where)
    return _explain_colon_below_text(page)


def _explain_colon_below_text(page: Page) -> Finding:
    where, above = page.mistake.where, page.find_line_above()
    start = where - len(page.read_before().lstrip())
    if _COLON_AND_SPACE.search(above):
        hint = "indent all keys of a map alike, or put the text above in quotes"
        return Finding("this key is indented too deep: the line above has its value already", hint, start)
    hint = "write a colon and a space after the key above, or mend the indentation"
    return Finding("no key can follow here: the line above is text", hint, start)


def _explain_missing_colon(page: Page) -> Finding:
    start = page.mistake.since
    line = page.text[start : page.mistake.where].strip()
    glued = ":" in line and not line.startswith(("'", '"'))
    message = (
        "a space is missing after the colon" if glued else "a colon and a space are missing after this key"
    )
    hint = "write key: value" if len(line) <= _LONGEST_KEY else f"a key has at most {_LONGEST_KEY} characters"
    return Finding(message, hint, start)


def _explain_list_beside_key(page: Page) -> Finding:
    hint = "begin the list on the next line; text that begins with - goes in single quotes"
    return Finding("a list cannot begin on the line of its key", hint, page.mistake.where)


def _explain_question_mark(page: Page) -> Finding:
    return Finding("text cannot begin with a question mark and a space", QUOTE, page.mistake.where)


def _explain_missing_name(page: Page) -> Finding:
    sign = page.text[page.mistake.since]
    what = "an alias" if sign == "*" else "an anchor"
    return Finding(f"{sign} begins {what} and needs a name", QUOTE, page.mistake.since)


def _explain_glued_colon(page: Page) -> Finding:
    _, message, hint = complaints.describe_glued_colon()
    return Finding(message, hint, page.mistake.where)


def _explain_bad_escape(page: Page) -> Finding:
    escape = page.text[page.mistake.where : page.mistake.where + 2]
    hint = "write \\\\ for a backslash, or use single quotes"
    return Finding(f"{escape} means nothing in double quotes", hint, page.mistake.where, sure=True)


def _explain_bad_code(page: Page) -> Finding:
    hint = "write \\xFF, \\uFFFF or \\UFFFFFFFF with the number of one character, or the character itself"
    return Finding("this escape is not the code of a character", hint, page.mistake.where, sure=True)


def _explain_block_header(page: Page) -> Finding:
    hint = "begin the text on the next line, indented; on this line only - + and 1 to 9 may follow"
    return Finding("text cannot begin on the line of | or >", hint, page.mistake.where)


def _explain_bad_tag(page: Page) -> Finding:
    return Finding("text cannot begin with !, which begins a tag", QUOTE, page.mistake.since)


def _explain_missing_document(page: Page) -> Finding:
    return Finding("a line --- is missing after %YAML 1.2", "add it, or remove %YAML 1.2", page.mistake.where)


_Explain: TypeAlias = Callable[[Page], Finding]
_TABLE: Final[Mapping[str, _Explain]] = MappingProxyType(
    {
        "found character that cannot start any token": _explain_first_character,
        "found a tab character that violates indentation": _explain_tab,
        "found a tab character where an indentation space is expected": _explain_tab,
        "found unexpected end of stream": _explain_open_quote,
        "found unexpected document indicator": _explain_open_quote,
        "did not find expected ',' or ']'": _explain_open_bracket,
        "did not find expected ',' or '}'": _explain_open_bracket,
        "did not find expected node content": _explain_missing_value,
        "did not find expected key": _explain_missing_key,
        "did not find expected '-' indicator": _explain_missing_item,
        "mapping values are not allowed in this context": _explain_colon,
        "mapping keys are not allowed in this context": _explain_question_mark,
        "block sequence entries are not allowed in this context": _explain_list_beside_key,
        "could not find expected ':'": _explain_missing_colon,
        "found unexpected ':'": _explain_glued_colon,
        "did not find expected alphabetic or numeric character": _explain_missing_name,
        "found unknown escape character": _explain_bad_escape,
        "did not find expected hexdecimal number": _explain_bad_code,
        "found invalid Unicode character escape code": _explain_bad_code,
        "did not find expected comment or line break": _explain_block_header,
        "found an indentation indicator equal to 0": _explain_block_header,
        "did not find expected tag URI": _explain_bad_tag,
        "did not find the expected '>'": _explain_bad_tag,
        "did not find expected '!'": _explain_bad_tag,
        "did not find expected whitespace or line break": _explain_bad_tag,
        "found undefined tag handle": _explain_bad_tag,
        "did not find expected <document start>": _explain_missing_document,
    }
)
