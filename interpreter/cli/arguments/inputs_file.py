"""A file of inputs has one JSON value in each line, for as many runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import click

from dsl.scalars.json_value import JsonValue
from interpreter.cli.arguments.document import STDIN


@dataclass(frozen=True, slots=True)
class InputLine:
    """One input, and where it stands."""

    place: str
    """File and line, as in `orders.jsonl:17`."""
    value: JsonValue


def read_inputs(file: str) -> list[InputLine]:
    """Read all lines of a file of JSON lines; empty ones are left out.

    Args:
        file: Its name; `-` for standard input.

    Raises:
        click.UsageError: the file can't be read, a line is no JSON, or there is no line.
    """
    lines = list(_parse_lines(file))
    if not lines:
        raise click.UsageError(f"--inputs: {file} has no line with an input")
    return lines


def find_id(line: InputLine, path: str) -> str:
    """Read from an input what the id of its run ends with.

    Args:
        line: The input.
        path: Where it stands in the input, as `order.id`.

    Raises:
        click.UsageError: there is no text and no whole number.
    """
    value: Any = line.value
    for key in path.split("."):
        value = cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise click.UsageError(
            f"{line.place}: the input has no text and no whole number at {path} (--id-from)"
        )
    return str(value)


def _parse_lines(file: str) -> Iterator[InputLine]:
    for number, text in enumerate(_read_text(file).splitlines(), 1):
        if not text.strip():
            continue
        place = f"{file}:{number}"
        try:
            yield InputLine(place, json.loads(text))
        except (ValueError, RecursionError) as error:
            raise click.UsageError(f"{place}: this line is no JSON: {error}") from None


def _read_text(file: str) -> str:
    try:
        return sys.stdin.read() if file == STDIN else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"--inputs: {file} can't be read: {error}") from None
