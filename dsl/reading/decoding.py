"""Bytes become text that the parser can be trusted with."""

from __future__ import annotations

import codecs
import re
from typing import Final

from dsl.problems.problem import Problem
from dsl.reading.files import check_size
from dsl.reading.refusal import RefusalError
from dsl.source.map import SourceMap, Span

_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BOM: Final = "\ufeff"
_REFUSED: Final = re.compile(
    r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)
_PREAMBLE: Final = re.compile(r"(?:[ \t]*+(?:#[^\r\n]*+)?(?:\r\n?|\n))*+")
_VERSION: Final = re.compile(r"%YAML[ \t]++1\.2[ \t]*+(?:#[^\r\n]*+)?(?=[\r\n])")
_DIRECTIVE: Final = re.compile(r"%[^\r\n]*")


def decode(data: bytes) -> str:
    """Decode bytes in UTF-8. Raises RefusalError."""
    check_size(len(data))
    if data.startswith(_UTF16) or data[:4].count(0) > 1:
        raise RefusalError(Problem("not-utf-8", "the file is not in UTF-8", hint=_guess_encoding(data)))
    try:
        return data.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        raise RefusalError(_report_bad_byte(data, error.start)) from None


def check(text: str) -> None:
    """Refuse text that the parser must not see. Raises RefusalError.

    That is too much text, and characters that YAML does not have. U+0085, U+2028 and U+2029 are among them: they end
    a line in YAML 1.1 only, and the parser would fold them away. Directives are refused because they ask for another
    language than ours.
    """
    check_size(len(text.encode("utf-8", "surrogatepass")))
    if bad := _REFUSED.search(text):
        raise RefusalError(_report_bad_character(text, bad.start()))
    if directive := _find_directive(text):
        raise RefusalError(_report_directive(text, directive))


def _guess_encoding(data: bytes) -> str:
    kind = "UTF-16" if data.startswith(_UTF16) else "UTF-16, UTF-32 or no text at all"
    return f"it looks like {kind}; save it as UTF-8"


def _report_bad_byte(data: bytes, offset: int) -> Problem:
    before = SourceMap("", data[:offset].decode("utf-8").removeprefix(_BOM))
    place = before.locate_offset(len(before.text))
    message = f"the byte 0x{data[offset]:02x} is not UTF-8"
    return Problem("not-utf-8", message, hint="save the file as UTF-8", span=Span(place, place))


def _report_bad_character(text: str, offset: int) -> Problem:
    number = ord(text[offset])
    escape = f"\\x{number:02X}" if number < 256 else f"\\u{number:04X}"
    if number == 0:
        hint = "is this a text file?"
    elif 0xD800 <= number <= 0xDFFF:
        hint = "half of a surrogate pair is not a character"
    else:
        hint = f'remove it, or write it as "{escape}" in double quotes'
    span = SourceMap("", text).locate_span(offset, offset + 1)
    return Problem(
        "control-character", f"the character U+{number:04X} must not stand here", hint=hint, span=span
    )


def _find_directive(text: str) -> re.Match[str] | None:
    """Find the first directive, except a `%YAML 1.2` that is the only one."""
    offset = _skip(_PREAMBLE, text, 0)
    after_version = _skip(_VERSION, text, offset)
    if after_version != offset:
        offset = _skip(_PREAMBLE, text, after_version)
    return _DIRECTIVE.match(text, offset)


def _skip(pattern: re.Pattern[str], text: str, offset: int) -> int:
    found = pattern.match(text, offset)
    return found.end() if found else offset


def _report_directive(text: str, directive: re.Match[str]) -> Problem:
    return Problem(
        "yaml-directive",
        "directives cannot be used: definitions are written in YAML 1.2, without tags",
        hint="remove the line; text that begins with % goes in quotes",
        span=SourceMap("", text).locate_span(*directive.span()),
    )
