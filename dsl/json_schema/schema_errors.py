"""What a validator of JSON Schema complains about, in the user's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from dsl.problems.suggest import did_you_mean
from dsl.problems.wording import found, listed, quoted
from dsl.scalars import duration, time
from dsl.source.map import Path

if TYPE_CHECKING:
    from jsonschema import ValidationError

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
    "minItems": "a list of at least {}",
    "maxItems": "a list of at most {}",
}

_FORMATS = {
    "date-time": f"a time; write for example {time.EXAMPLE}",
    "duration": f"a duration; write for example {', '.join(duration.EXAMPLES)}",
}


def complaints(errors: Iterable[ValidationError]) -> list[tuple[Path, str]]:
    """Place and message of every complaint, in order of the place, none twice."""
    said = {(tuple(error.absolute_path), message): None for error in errors for message in _messages(error)}
    return sorted(said, key=lambda place_and_message: [str(part) for part in place_and_message[0]])


def _messages(error: ValidationError) -> Iterator[str]:
    keyword = str(error.validator)
    wanted: Any = error.validator_value
    value: Any = error.instance
    if keyword in ("anyOf", "oneOf") and (nearest := _nearest(error)) is not None:
        yield from _messages(nearest)
    elif keyword == "type":
        types = [wanted] if isinstance(wanted, str) else wanted
        yield f"expected {' or '.join(_TYPES[name] for name in types)}, found {found(value)}"
    elif keyword == "required":
        yield from (f"{quoted(name)} is missing" for name in wanted if name not in value)
    elif keyword in ("additionalProperties", "unevaluatedProperties"):
        yield from _unexpected(value, error.schema)
    elif keyword in ("enum", "const"):
        choices = wanted if keyword == "enum" else [wanted]
        yield f"{quoted(value)} is not accepted; allowed: {listed(quoted(choice) for choice in choices)}"
    elif keyword in _BOUNDS:
        yield f"{quoted(value)} is out of range: it is {_BOUNDS[keyword]} {wanted}"
    elif keyword in _SIZES:
        yield f"{quoted(value)} is not {_SIZES[keyword].format(wanted)}"
    elif keyword == "None":  # the schema is `false`
        yield f"{quoted(value)} is not accepted here"
    elif keyword == "format":
        yield f"{quoted(value)} is not {_FORMATS[wanted]}"
    elif keyword == "pattern":
        yield f"{quoted(value)} does not match the pattern {wanted}"
    else:
        yield f"{quoted(value)} does not satisfy {keyword}: {quoted(wanted)}"


def _nearest(error: ValidationError) -> ValidationError | None:
    """Of several forms, the complaint about the one that the value comes closest to."""
    from jsonschema.exceptions import best_match

    nearest: ValidationError | None = best_match(error.context or ())
    return nearest


def _unexpected(value: dict[str, Any], schema: Any) -> Iterator[str]:
    known = schema.get("properties", {})
    for name in value:
        if name not in known:
            suggestion = did_you_mean(name, known)
            yield f"{quoted(name)} is not expected; {suggestion or _allowed(known)}"


def _allowed(known: Iterable[str]) -> str:
    return f"allowed: {listed(known) or 'nothing'}"
