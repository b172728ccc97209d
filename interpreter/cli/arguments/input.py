"""Data on the command line: `--input car_id=c1 --input stay.nights=2`, `--input @trip.json`; payloads, too."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click

from interpreter.cli.arguments.document import STDIN


@dataclass(frozen=True, slots=True)
class Pair:
    """One value and the way to it."""

    keys: tuple[str, ...]
    value: Any


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole input, of a file."""

    value: Any
    origin: str
    """The file; `-` for standard input; empty if the value stood there itself."""


def parse_input_part(text: str) -> Pair | Whole:
    """Read one `--input`: `KEY=VALUE`, `@FILE`, `@-`, or an object as JSON.

    Raises:
        click.BadParameter: it is none of them, or the file can't be read.
    """
    return _parse_part(text, "--input")


def parse_payload_part(text: str) -> Pair | Whole:
    """Read one PAYLOAD: as an input, or any other JSON. Text needs quotes, or a typo would be a payload.

    Raises:
        click.BadParameter: it is none of them, or the file can't be read.
    """
    if not text.startswith(("@", "{")):
        with suppress(ValueError, RecursionError):
            return Whole(_load_json(text), "")
        if "=" not in text:
            raise click.BadParameter(
                f"'{text}' is neither KEY=VALUE nor @FILE nor JSON; text is '\"{text}\"'"
            )
    return _parse_part(text, "PAYLOAD")


def _parse_part(text: str, what: str) -> Pair | Whole:
    if text.startswith("@"):
        return Whole(_parse_json(_read_text(text[1:]), text[1:]), text[1:])
    if text.startswith("{"):
        return Whole(_parse_json(text, what), "")
    key, equals, value = text.partition("=")
    keys = tuple(key.split("."))
    if not equals or not all(keys):
        raise click.BadParameter(
            f'"{text}" is neither KEY=VALUE (a.b=1 nests) nor @FILE nor @- (standard input)'
        )
    return Pair(keys, _parse_json_or_text(value))


def assemble(parts: Sequence[Pair | Whole], file: str = "", *, what: str = "--input") -> Any:
    """The data that all parts say together, for the definition in `file`; None when there are none.

    Raises:
        click.UsageError: they contradict each other.
    """
    wholes = [part.value for part in parts if isinstance(part, Whole)]
    if file == STDIN and any(isinstance(part, Whole) and part.origin == STDIN for part in parts):
        raise click.UsageError(f"{what}: standard input can't be both the definition and its input")
    pairs = [part for part in parts if isinstance(part, Pair)]
    if len(wholes) > 1:
        raise click.UsageError(f"{what}: only one may be a file or a whole value; lay KEY=VALUE over it")
    if not pairs:
        return wholes[0] if wholes else None
    data = wholes[0] if wholes else {}
    if not isinstance(data, dict):
        raise click.UsageError(
            f"{what}: KEY=VALUE needs an object below it, and the file holds something else"
        )
    for pair in pairs:
        _put(data, pair, given={other.keys for other in pairs if other is not pair}, what=what)
    return data


def _put(data: dict[str, Any], pair: Pair, given: set[tuple[str, ...]], what: str) -> None:
    name = ".".join(pair.keys)
    if pair.keys in given:
        raise click.UsageError(f'{what}: "{name}" is given twice')
    here = data
    for depth, key in enumerate(pair.keys[:-1], 1):
        here = here.setdefault(key, {})
        if not isinstance(here, dict) or pair.keys[:depth] in given:
            inside = ".".join(pair.keys[:depth])
            raise click.UsageError(f'{what}: "{name}" lies inside "{inside}", which is a value of its own')
    here[pair.keys[-1]] = pair.value


def _read_text(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise click.BadParameter(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise click.BadParameter(f"{file}: this is not UTF-8") from None


def _parse_json(text: str, origin: str) -> Any:
    where = "standard input" if origin == STDIN else origin
    try:
        return _load_json(text)
    except json.JSONDecodeError as error:
        place = f"{where}:{error.lineno}:{error.colno}"
        raise click.BadParameter(f"{place}: this is not JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"{where}: this is not JSON: {error}") from None


def _parse_json_or_text(text: str) -> Any:
    try:
        return _load_json(text)
    except (ValueError, RecursionError):
        return text


def _load_json(text: str) -> Any:
    """JSON as its standard has it: Python would take NaN and Infinity, too."""
    return json.loads(text, parse_constant=_refuse, parse_float=_parse_finite_float)


def _parse_finite_float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is too large for a number")
    return number


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no value of JSON")
