"""A plain scalar has a meaning by the core schema of YAML 1.2 (YAML 1.2.2, chapter 10.3.2).

The parser is not asked for it: its YAML 1.1 reads `yes` as true, `1:30` as 90, and `2024-01-01` as a date.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Final, TypeAlias

JsonScalar: TypeAlias = bool | int | float | str | None

_WORDS: Final[dict[str, JsonScalar]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9]*+)|0o[0-7]++|0x[0-9a-fA-F]++")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]++|[0-9]++(\.[0-9]*+)?)([eE][-+]?[0-9]++)?")
_LEADING_ZERO: Final = re.compile(r"[-+]?0[0-9]++")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_FIRST: Final = frozenset("-+.0123456789~nNtTfF")
_BASES: Final = {"0o": 8, "0x": 16}
_LONGEST = 40
"""In digits. No 64-bit integer is longer in any base, unless it is padded with zeros."""


class BadNumberError(Exception):
    """A plain scalar is a number and yet no JSON value. `hint` is the remedy."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def resolve(text: str) -> JsonScalar:
    """Find the value of a plain scalar.

    Raises BadNumberError for `.nan` and `.inf`, for numbers beyond 64 bits, and for `010`. That is 10 in YAML 1.2, 8
    in YAML 1.1, and often meant as text, so either reading would surprise somebody.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST:
        return text
    if _INTEGER.fullmatch(text):
        return _parse_integer(text)
    if _LEADING_ZERO.fullmatch(text):
        raise _build_ambiguity_error(text)
    if _FLOAT.fullmatch(text):
        return _parse_float(text)
    if _NOT_FINITE.fullmatch(text):
        raise BadNumberError(f"JSON has no number {text}", "use a finite number, or null, or quotes for text")
    return text


def _parse_integer(text: str) -> int:
    base = _BASES.get(text[:2])
    number = int(text[2:], base) if base else int(text[:_LONGEST])
    if not -(2**63) <= number < 2**63:
        raise BadNumberError("the integer does not fit in 64 bits", "put it in quotes to have it as text")
    return number


def _parse_float(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise BadNumberError("the number is beyond 1.8e308", "put it in quotes to have it as text")
    return number


def _build_ambiguity_error(text: str) -> BadNumberError:
    sign, digits = text[: -len(text.lstrip("+-"))], text.lstrip("+-0") or "0"
    octal = f", 0o{_shorten(digits)} for an octal one" if not sign and set(digits) <= set("01234567") else ""
    return BadNumberError(
        f"{_shorten(text)} is read differently by YAML 1.1 and YAML 1.2",
        f'write {sign}{_shorten(digits)} for a decimal number{octal}, "{_shorten(text)}" for text',
    )


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
