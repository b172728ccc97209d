"""A file of inputs has one JSON value in each line, for as many runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import click

from dsl.scalars.json_value import JsonValue
from interpreter.cli.arguments.json_text import NotJson, UnreadableFile, Unusable, load_json, read_text


@dataclass(frozen=True, slots=True)
class InputLine:
    """One input, and where it stands."""

    place: str
    """File and line, as in `orders.jsonl:17`."""
    value: JsonValue


class NoId(ValueError):
    """A line does not give its run an id."""


MOST_PROBLEMS = 20
"""So many lines that are wrong are shown."""


def read_inputs(file: str) -> list[InputLine]:
    """Read all lines of a file of JSON lines; empty ones are left out.

    Args:
        file: Its name; `-` for standard input.

    Raises:
        click.UsageError: the file can't be read, lines are no JSON, or there is no line.
    """
    lines: list[InputLine] = []
    problems: list[str] = []
    for number, text in _list_lines(file):
        place = f"{file}:{number}"
        try:
            lines.append(InputLine(place, load_json(text)))
        except NotJson as error:
            at = "" if error.column is None else f":{error.column}"
            what = "" if isinstance(error, Unusable) else "this line is no JSON: "
            problems.append(f"{place}{at}: {what}{error}")
    if problems:
        count = f"{len(problems)} of {len(lines) + len(problems)} lines can't be read; nothing was started"
        raise click.UsageError("\n".join([*problems[:MOST_PROBLEMS], count]))
    if not lines:
        raise click.UsageError(f"--inputs: {file} has no line with an input")
    return lines


def find_id(line: InputLine, path: str) -> str:
    """Read from an input what the id of its run ends with.

    Args:
        line: The input.
        path: Where it stands in the input, as `order.id`.

    Raises:
        NoId: there is no text and no whole number, or a run can't have it in its id.
    """
    value: Any = line.value
    for key in path.split("."):
        value = cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise NoId(f"the input has no text and no whole number at {path} (--id-from)")
    return str(value)


def _list_lines(file: str) -> Iterator[tuple[int, str]]:
    """List the lines that are not empty, with their numbers. In JSON only a line feed ends a line."""
    try:
        text = read_text(file)
    except UnreadableFile as error:
        raise click.UsageError(f"--inputs: {file} can't be read: {error}") from None
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line
