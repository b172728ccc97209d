"""Data is given on the command line in parts, for `--input` and for PAYLOAD.

A part is one value and the path to it (`car_id=c1`, `stay.nights=2`), or a whole value (`@trip.json`, `{"a": 1}`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from dsl.scalars.json_value import JsonValue
from interpreter.cli.arguments.document import STDIN
from interpreter.cli.arguments.json_text import (
    NotJson,
    UnreadableFile,
    Unusable,
    check_sendable,
    load_json,
    read_text,
)


@dataclass(frozen=True, slots=True)
class KeyValue:
    """A `KeyValue` is a part that sets one value."""

    keys: tuple[str, ...]
    """The path to the value: `a.b=1` has the keys `a` and `b`."""
    value: Any


@dataclass(frozen=True, slots=True)
class WholeValue:
    """A `WholeValue` is a part that is all of the data."""

    value: Any
    origin: str
    """The file that it was read from; `-` for standard input; empty if it stood on the command line itself."""


Part = KeyValue | WholeValue


def parse_input_part(text: str) -> Part:
    """Read one `--input`: `KEY=VALUE`, `@FILE`, `@-`, or an object as JSON.

    Raises:
        click.BadParameter: the text has none of these forms, or the file can't be read.
    """
    return _parse_part(text, "--input")


def parse_payload_part(text: str) -> Part:
    """Read one PAYLOAD, which may be what an input may be, or any other JSON.

    Text needs its quotes, as in JSON; otherwise a mistyped KEY=VALUE would be taken for text.

    Raises:
        click.BadParameter: the text has none of these forms, or the file can't be read.
    """
    if not text.startswith(("@", "{")):
        try:
            return WholeValue(load_json(text), "")
        except Unusable as error:
            raise click.BadParameter(str(error)) from None
        except NotJson:
            pass
        if "=" not in text:
            raise click.BadParameter(
                f"'{text}' is neither KEY=VALUE nor @FILE nor JSON; to send text, write '\"{text}\"'"
            )
    return _parse_part(text, "PAYLOAD")


def _parse_part(text: str, what: str) -> Part:
    if text.startswith("@"):
        try:
            read = read_text(text[1:])
        except UnreadableFile as error:
            raise click.BadParameter(f"{text[1:]}: {error}") from None
        return WholeValue(_parse_json(read, text[1:]), text[1:])
    if text.startswith("{"):
        return WholeValue(_parse_json(text, what), "")
    key, equals, value = text.partition("=")
    keys = tuple(key.split("."))
    if not equals or not all(keys):
        raise click.BadParameter(
            f'"{text}" is neither KEY=VALUE (a.b=1 nests) nor @FILE nor @- (standard input)'
        )
    try:
        check_sendable(key)
        return KeyValue(keys, _parse_json_or_text(value))
    except Unusable as error:
        raise click.BadParameter(str(error)) from None


def assemble(parts: Sequence[Part], file: str = "", *, what: str = "--input") -> Any:
    """Make the data of its parts.

    Args:
        parts: All parts, in the order in which they were given.
        file: The FILE of the command; it can't be standard input if a part is.
        what: What messages call the parts.

    Returns:
        The data, or None if there are no parts.

    Raises:
        click.UsageError: the parts contradict each other.
    """
    wholes = [part.value for part in parts if isinstance(part, WholeValue)]
    if file == STDIN and any(isinstance(part, WholeValue) and part.origin == STDIN for part in parts):
        raise click.UsageError(f"{what}: standard input can't be both the definition and its input")
    pairs = [part for part in parts if isinstance(part, KeyValue)]
    if len(wholes) > 1:
        raise click.UsageError(
            f"{what}: only one may be a file or a whole value; set single values in it with KEY=VALUE"
        )
    if not pairs:
        return wholes[0] if wholes else None
    data: JsonValue = wholes[0] if wholes else {}
    if not isinstance(data, dict):
        raise click.UsageError(
            f"{what}: KEY=VALUE sets a value in an object, and the whole value is not an object"
        )
    for pair in pairs:
        _set_value(data, pair, given={other.keys for other in pairs if other is not pair}, what=what)
    return data


def _set_value(data: dict[str, Any], pair: KeyValue, given: set[tuple[str, ...]], what: str) -> None:
    name = ".".join(pair.keys)
    if pair.keys in given:
        raise click.UsageError(f'{what}: "{name}" is given twice')
    here = data
    for depth, key in enumerate(pair.keys[:-1], 1):
        inner: JsonValue = here.setdefault(key, {})
        if not isinstance(inner, dict) or pair.keys[:depth] in given:
            inside = ".".join(pair.keys[:depth])
            raise click.UsageError(f'{what}: "{name}" is inside "{inside}", which has a value of its own')
        here = inner
    here[pair.keys[-1]] = pair.value


def _parse_json(text: str, origin: str) -> Any:
    where = "standard input" if origin == STDIN else origin
    try:
        return load_json(text)
    except Unusable as error:
        raise click.BadParameter(f"{error.locate(where)}: {error}") from None
    except NotJson as error:
        raise click.BadParameter(f"{error.locate(where)}: this is not JSON: {error}") from None


def _parse_json_or_text(text: str) -> Any:
    try:
        return load_json(text)
    except Unusable:
        raise
    except NotJson:
        check_sendable(text)
        return text
