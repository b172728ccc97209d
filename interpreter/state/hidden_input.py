"""Secret values of the input (`writeOnly`) are not shown to people, wherever an error or a name may have them.

A run knows the values from its input and the schema. Expressions see them as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from dsl.redaction.redactor import Redactor
from dsl.scalars.json_value import JsonValue
from dsl.source.map import Path
from interpreter.effects import HiddenPlace
from interpreter.failure.failure import Failure

T = TypeVar("T")

_NAMES = ("key_path", "key", "iteration")
"""Keys of what is shown whose text may hold the key of an item."""
_ERRORS = ("error", "last_error")


def hide_in_error(hidden: Redactor, error: Mapping[str, Any]) -> dict[str, Any]:
    """Replace secret values in an error as `Failure.to_json` writes it, and in its causes."""
    cause: Mapping[str, Any] | None = error.get("cause")
    return {
        **error,
        **{name: hidden.redact_text(error[name]) for name in ("type", "message")},
        **({"details": hidden.redact_value(error["details"])} if "details" in error else {}),
        **({"cause": hide_in_error(hidden, cause)} if cause is not None else {}),
    }


def find_hidden(hidden: Redactor, value: JsonValue, path: Path = ()) -> Iterator[HiddenPlace]:
    """Find where in the arguments of a call secret values are."""
    if isinstance(value, dict | list | tuple):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in items:
            yield from find_hidden(hidden, each, (*path, key))
    elif (label := hidden.find_label(value)) is not None:
        yield HiddenPlace(label, path)


def hide_in_failure(hidden: Redactor, failure: Failure) -> Failure:
    """Replace secret values in an error, and in its causes."""
    return replace(
        failure,
        type=hidden.redact_text(failure.type),
        message=hidden.redact_text(failure.message),
        details=hidden.redact_value(failure.details),
        cause=None if failure.cause is None else hide_in_failure(hidden, failure.cause),
    )


def hide_in_shown(hidden: Redactor, shown: T) -> T:
    """Replace secret values in a status or report: in its errors, and in names that may hold the key of an item."""
    return cast("T", _hide_inside(hidden, shown)) if hidden else shown


def _hide_inside(hidden: Redactor, shown: Any) -> Any:
    if isinstance(shown, dict):
        return {key: _hide(hidden, key, value) for key, value in cast("Mapping[str, Any]", shown).items()}
    if isinstance(shown, list):
        return [_hide_inside(hidden, each) for each in cast("Sequence[Any]", shown)]
    return shown


def _hide(hidden: Redactor, key: str, value: Any) -> Any:
    if key in _ERRORS and isinstance(value, dict):
        return hide_in_error(hidden, cast("dict[str, Any]", value))
    if isinstance(value, str):
        return hidden.redact_text(value) if key in (*_NAMES, *_ERRORS) else value
    if key == "further_errors":
        return [hide_in_error(hidden, each) for each in value]
    return _hide_inside(hidden, value)
