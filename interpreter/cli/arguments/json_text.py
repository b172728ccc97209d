"""What users give as JSON is read strictly, and what is wrong with it is said in plain words."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, NoReturn

from dsl.problems.snippet import make_printable
from dsl.reading.complaints import cut
from dsl.scalars.json_value import JsonValue
from dsl.scalars.text import is_sendable
from interpreter.cli.arguments.document import STDIN


class NotJson(ValueError):
    """A text is not JSON, or can't be the data of a run."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        """The line of the mistake, from 1 on; None if the parser does not tell."""
        self.column = column
        """The column of the mistake, from 1 on; None if the parser does not tell."""

    def locate(self, origin: str) -> str:
        """Write where the mistake is, as far as it is known: `trip.json:3:7`."""
        return ":".join(str(part) for part in (origin, self.line, self.column) if part is not None)


class Unusable(NotJson):
    """A text is JSON, but can't be the data of a run."""


class HalfCharacter(Unusable):
    """A text holds half of a surrogate pair, which can't be sent to Temporal."""


class UnreadableFile(ValueError):
    """A file can't be read as text."""


def load_json(text: str) -> Any:
    r"""Read JSON as its standard defines it; Python's own parser would also take NaN and Infinity.

    Raises:
        HalfCharacter: a text in it holds half of a surrogate pair, such as `"\ud800"`.
        Unusable: a key stands twice in an object, or an integer does not fit in 64 bits.
        NotJson: it is something else, or larger than can be read.
    """
    try:
        value = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_parse_finite_float,
            parse_int=_parse_int,
            object_pairs_hook=_build_object,
        )
    except _Misread:
        raise _find_unusable(text) from None
    except json.JSONDecodeError as error:
        raise NotJson(error.msg, error.lineno, error.colno) from None
    except RecursionError:
        raise NotJson("lists and objects are nested too deeply") from None
    if _HALF_OF_A_PAIR.search(text):
        _refuse_half_characters(value)
    return value


def check_sendable(text: str) -> None:
    """Check that a text can be sent to Temporal.

    Raises:
        HalfCharacter: it holds half of a surrogate pair.
    """
    if not is_sendable(text):
        shown = text.encode(errors="backslashreplace").decode()
        raise HalfCharacter(
            f'the text "{shown}" holds half of a surrogate pair, which is no character and can\'t be sent'
        )


def read_text(file: str) -> str:
    """Read a file of text in UTF-8, which may begin with a byte order mark; `-` is standard input.

    Raises:
        UnreadableFile: it can't be read, or is not UTF-8.
    """
    try:
        data = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
        return data.decode("utf-8-sig")
    except IsADirectoryError:
        raise UnreadableFile("this is a directory, not a file") from None
    except OSError as error:
        raise UnreadableFile(str(error.strerror)) from None
    except UnicodeDecodeError:
        raise UnreadableFile("this is not UTF-8") from None


_HALF_OF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
"""Where this is not found, no text of the JSON holds half of a pair."""


def _refuse_half_characters(value: JsonValue) -> None:
    left: list[JsonValue] = [value]
    while left:
        match left.pop():
            case str() as text:
                check_sendable(text)
            case dict() as table:
                left += [*table.values(), *table]
            case list() as items:
                left += items
            case _:
                pass


def _parse_finite_float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise NotJson(f"{text} is too large for a number")
    return number


class _Misread(Exception):
    """The parser has met what is unusable. Its hooks are not told where that stands."""


def _parse_int(text: str) -> int:
    if _is_too_large(text):
        raise _Misread
    return int(text)


def _is_too_large(integer: str) -> bool:
    return len(integer) > _LONGEST_INTEGER or not -(2**63) <= int(integer) < 2**63


def _build_object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(members)
    if len(built) < len(members):
        raise _Misread
    return built


def _find_unusable(text: str) -> Unusable:
    """Find the first mistake that the parser has met. What stands before it is well-formed."""
    keys: list[set[str]] = []
    for token in _TOKEN.finditer(text):
        why = None
        if token[0] == "{":
            keys.append(set())
        elif token[0] == "}":
            keys.pop()
        elif token["key"] is not None:
            key: str = json.loads(token["key"])
            if key in keys[-1]:
                why = f'"{make_printable(cut(key))}" stands twice in this object'
            keys[-1].add(key)
        elif token["integer"] is not None and _is_too_large(token["integer"]):
            why = f"the integer {cut(token[0])} does not fit in 64 bits; put it in quotes to have it as text"
        if why is not None:
            place = json.JSONDecodeError(why, text, token.start())
            return Unusable(why, place.lineno, place.colno)
    raise AssertionError("the parser has met a mistake")


_LONGEST_INTEGER = 20
"""In characters. No 64-bit integer is longer."""

_STRING = r'"(?:[^"\\]|\\.)*+"'
_NUMBER = r"(?P<integer>-?[0-9]++)(?![.eE])"
_TOKEN = re.compile(rf"(?P<key>{_STRING})\s*:|{_STRING}|{_NUMBER}|-?[0-9][-+.0-9eE]*+|[{{}}]")
"""What matters of JSON: keys, texts, integers, other numbers, and where objects begin and end."""


def _refuse_constant(word: str) -> NoReturn:
    raise NotJson(f"{word} is not a value of JSON")
