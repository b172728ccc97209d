"""The complaints of a validator of JSON Schema are put into the user's words.

All validators are built here, and none of them fetches anything. By itself, jsonschema asks the network for what a
reference leads to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, cast

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.exceptions import best_match  # pyright: ignore[reportUnknownVariableType]  # its result has no type
from referencing.exceptions import Unresolvable
from referencing.jsonschema import EMPTY_REGISTRY

from dsl.problems.suggest import did_you_mean
from dsl.problems.wording import describe, join_listed, quote
from dsl.scalars import duration, time
from dsl.scalars.json_value import JsonValue
from dsl.source.map import Path

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "a map",
}

_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
}

_SIZES = {
    "minLength": "at least {} characters long",
    "maxLength": "at most {} characters long",
    "minItems": "a list with a length of at least {}",
    "maxItems": "a list with a length of at most {}",
}

_FORMATS = {
    "date-time": f"a time; write for example {time.EXAMPLE}",
    "duration": f"a duration; write for example {', '.join(duration.EXAMPLES)}",
}


_ENDLESS = "its references lead back to themselves, or the value is nested too deeply for it"
_PANIC = "PanicException"
"""What becomes of a `RecursionError` in the maps of references of jsonschema, which are written in Rust. It is no
`Exception`, and can't be imported."""


class Validator(Protocol):
    """A validator of jsonschema finds what is wrong with a value; the package says so without all types."""

    def iter_errors(self, instance: Any) -> Iterable[ValidationError]:
        """Find every error."""
        ...


def build_validator(
    schema: Mapping[str, Any], formats: FormatChecker | None = None, part: Mapping[str, Any] | None = None
) -> Validator:
    """Build what finds the errors of a value.

    Args:
        schema: The schema of the value.
        formats: The formats that are checked.
        part: The part of the schema that the value shall fit; None: the whole schema.
    """
    whole = Draft202012Validator(schema, format_checker=formats, registry=EMPTY_REGISTRY)
    if part is None:
        return whole
    return whole.evolve(schema=part)  # pyright: ignore[reportUnknownMemberType]  # its arguments have no types


def describe_errors(validator: Validator, value: JsonValue) -> list[tuple[Path, str]]:
    """Describe every complaint about a value, none twice: its place and its message, in the order of the places.

    That the schema itself can't be used is a complaint, too. Earlier releases have accepted such schemas, and runs
    still have them.
    """
    try:
        said = {
            (tuple(error.absolute_path), message): None
            for error in validator.iter_errors(value)
            for message in _describe_error(error)
        }
    except BaseException as error:  # a value of JSON is the cause of none
        if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
            raise
        return [((), f"the schema can't be used: {_describe_cause(error)}")]
    return sorted(said, key=lambda place_and_message: [str(part) for part in place_and_message[0]])


def _describe_cause(error: BaseException) -> str:
    match error:
        case re.error():
            return f"the pattern {quote(error.pattern)} is not a regular expression: {error.msg}"
        case Unresolvable():
            return (
                f"a reference leads to {quote(getattr(error, 'anchor', error.ref))}, which is not part of it"
            )
        case RecursionError():
            return _ENDLESS
        case _ if type(error).__name__ == _PANIC:
            return _ENDLESS
        case _:
            return f"{type(error).__name__}: {error}"


def _describe_error(error: ValidationError) -> Iterator[str]:
    keyword = str(error.validator)
    wanted: Any = error.validator_value
    value: Any = error.instance
    if keyword in ("anyOf", "oneOf") and (nearest := _find_nearest(error)) is not None:
        yield from _describe_error(nearest)
    elif keyword == "type":
        types = [wanted] if isinstance(wanted, str) else wanted
        yield f"expected {' or '.join(_TYPES[name] for name in types)}, found {describe(value)}"
    elif keyword == "required":
        yield from (f"{quote(name)} is missing" for name in wanted if name not in value)
    elif keyword in ("additionalProperties", "unevaluatedProperties"):
        yield from _find_unexpected(value, error.schema)
    elif keyword in ("enum", "const"):
        choices = wanted if keyword == "enum" else [wanted]
        yield f"{quote(value)} is not accepted; allowed: {join_listed(quote(choice) for choice in choices)}"
    elif keyword in _BOUNDS:
        yield f"{quote(value)} is out of range: it must be {_BOUNDS[keyword]} {wanted}"
    elif keyword in _SIZES:
        yield f"{quote(value)} is not {_SIZES[keyword].format(wanted)}"
    elif keyword == "None":  # the schema is `false`
        yield f"{quote(value)} is not accepted here"
    elif keyword == "format":
        yield f"{quote(value)} is not {_FORMATS[wanted]}"
    elif keyword == "pattern":
        yield f"{quote(value)} does not match the pattern {wanted}"
    else:
        yield f"{quote(value)} does not satisfy {keyword}: {quote(wanted)}"


def _find_nearest(error: ValidationError) -> ValidationError | None:
    """Find, among several forms, the complaint about the form that the value comes closest to."""
    return cast(ValidationError | None, best_match(error.context or ()))


def _find_unexpected(value: dict[str, Any], schema: Any) -> Iterator[str]:
    known = schema.get("properties", {})
    for name in value:
        if name not in known:
            suggestion = did_you_mean(name, known)
            yield f"{quote(name)} is not expected; {suggestion or _list_allowed(known)}"


def _list_allowed(known: Iterable[str]) -> str:
    return f"allowed: {join_listed(known) or 'nothing'}"
