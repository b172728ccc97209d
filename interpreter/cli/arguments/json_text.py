"""What users give as JSON is read strictly, and what is wrong with it is said in plain words."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, NoReturn

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


class HalfCharacter(NotJson):
    """A text holds half of a surrogate pair, which is JSON, but can't be sent to Temporal."""


class UnreadableFile(ValueError):
    """A file can't be read as text."""


def load_json(text: str) -> Any:
    r"""Read JSON as its standard defines it; Python's own parser would also take NaN and Infinity.

    Raises:
        HalfCharacter: a text in it holds half of a surrogate pair, such as `"\ud800"`.
        NotJson: it is something else, or larger than can be read.
    """
    try:
        value = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_parse_finite_float, parse_int=_parse_int
        )
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


def _parse_int(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        most = sys.get_int_max_str_digits()
        raise NotJson(f"a number has {len(text):,} digits, and at most {most:,} can be read") from None


def _refuse_constant(word: str) -> NoReturn:
    raise NotJson(f"{word} is not a value of JSON")
