"""Mistakes of form are worded here: pydantic's errors become problems, in the words of the language."""

from __future__ import annotations

import re
from typing import Any

from pydantic_core import ErrorDetails

from dsl.model import COMPENSATION_KINDS, STEP_KINDS
from dsl.model.breakers import WINDOW_SIZE
from dsl.model.http import STATUS
from dsl.model.kinds import TAG, find_actions
from dsl.model.values import DEFINITION_NAME, IDENTIFIER, LONGEST_DURATION, NAME, TOLERANCE, WORD
from dsl.parsing.corrections import find_correction, find_misspelt_action, list_choices
from dsl.parsing.repair import find_value
from dsl.parsing.shape import Shape, find_path, find_shape
from dsl.problems.names import report_unknown
from dsl.problems.problem import Problem
from dsl.problems.suggest import did_you_mean
from dsl.problems.wording import describe, join_listed, quote
from dsl.scalars.duration import EXAMPLES, format_duration
from dsl.scalars.json_value import JsonValue
from dsl.scalars.priority import PRIORITY_PARTS
from dsl.source.map import Path

IN_QUOTES = "put it in quotes: "
"""Begins a hint. What follows it is the value as this file sees it, where `1.10` and `1.1` are the same number."""

_EXPECTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "tuple_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
    "json_schema": "a JSON Schema (a map)",
    "condition": "an expression, true or false",
    "duration": "a duration",
    "window_size": WINDOW_SIZE,
    "time": "a time with its offset (2027-01-01T09:00:00Z)",
    "items": "a list, an expression that yields a list, or {pages: ...}",
    "name_of_item": "an expression that yields text or a whole number",
    "tolerance": TOLERANCE,
    "status": STATUS,
    **{f"priority.{name}": part.expected for name, part in PRIORITY_PARTS.items()},
}
"""What a key takes, by pydantic's type of the error that the value is of another type."""

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "on"), "true, without quotes"),
    **dict.fromkeys(("false", "no", "off"), "false, without quotes"),
}

_WITH_HYPHENS = {"circuit_breaker", "circuit_breakers", "dead_letter", "dead_letter_queues"}
"""The keys beside or below which there are names that may have hyphens."""


def translate(details: ErrorDetails, data: Any) -> Problem:
    """Tell of one of pydantic's errors in `data` what was found, and what would be accepted."""
    location, path = details["loc"], find_path(details)
    match details["type"]:
        case "union_tag_not_found":
            return _report_actions(path, find_value(data, path), find_shape(location))
        case "extra_forbidden":
            return _report_unknown_key(path, find_shape(location[:-1]))
        case "items" if correction := find_correction(details, data):
            return _report_unknown_key(correction.path, find_shape((*location[:-1], f"{TAG}pages")))
        case "missing":
            return _report_missing_key(path, find_value(data, path[:-1]), find_shape(location[:-1]))
        case _:
            return _report_bad_value(details, path)


def _report_actions(path: Path, value: JsonValue, shape: Shape) -> Problem:
    """Report a step or compensation that has no action, or two of them."""
    kinds = COMPENSATION_KINDS if path[-1] == "compensate" else STEP_KINDS
    noun = "a compensation" if kinds is COMPENSATION_KINDS else "a step"
    if not isinstance(value, dict):
        return Problem("wrong-type", f"{noun} is a map, found {describe(value)}", path)
    actions = find_actions(value, [key for key in value if key in kinds])
    if actions:
        return Problem(
            "two-actions",
            f"{noun} has exactly one action, found {' and '.join(map(quote, actions))}",
            (*path, actions[1]),
            hint="make them two steps",
            at="key",
        )
    first = next(iter(value), None)
    typo, meant = find_misspelt_action(path, value, tuple(shape.keys)) or (None, None)
    suggestion = f'did you mean "{meant}" instead of "{typo}"? ' if typo else ""
    return Problem(
        "missing-action",
        f"{noun} needs an action",
        path if first is None else (*path, typo or first),
        hint=f"{suggestion}actions: {join_listed(kinds)}",
        at="value" if first is None else "key",
    )


def _report_unknown_key(path: Path, shape: Shape) -> Problem:
    name = str(path[-1])
    message = f"{quote(name)} is not a key of {shape.noun}"
    return report_unknown("unknown-key", message, name, shape.words, path, at="key")


def _report_missing_key(path: Path, owner: dict[str, Any], shape: Shape) -> Problem:
    name = str(path[-1])
    first = next(iter(owner), None)
    return Problem(
        "missing-key",
        f"{shape.noun} needs {quote(name)}",
        path[:-1] if first is None else (*path[:-1], first),
        hint=f"{name}: {shape.keys[name]}",
        at="value" if first is None else "key",
    )


def _report_bad_value(details: ErrorDetails, path: Path) -> Problem:
    value, limits = details["input"], details.get("ctx", {})
    if details["loc"][-1] == "[key]":
        return Problem(
            "bad-name", f"{quote(value)} is not a valid name", path, hint=_describe_name(path), at="key"
        )
    match details["type"]:
        case "string_pattern_mismatch":
            return Problem("bad-name", f"{quote(value)} is not a valid name", path, hint=_describe_name(path))
        case "literal_error":
            return _report_bad_choice(value, str(limits["expected"]), path)
        case "duration" if isinstance(value, str | int | float) and not isinstance(value, bool):
            return _report_bad_duration(value, path)
        case "duration_zero":
            return Problem(
                "bad-duration",
                f"{quote(value)} is not longer than zero",
                path,
                hint="leave the key out, or write a longer time",
            )
        case "duration_too_long":
            hint = f"at most {format_duration(LONGEST_DURATION)} (100 years)"
            return Problem("out-of-range", f"{limits['found']} is too long", path, hint=hint)
        case "too_short" | "string_too_short":
            return Problem(
                "empty-value",
                f"{quote(str(path[-1]))} is empty",
                path,
                hint=f"it needs at least one {'entry' if details['type'] == 'too_short' else 'character'}",
            )
        case "string_too_long":
            return Problem("out-of-range", f"the text is longer than {limits['max_length']} characters", path)
        case "greater_than_equal" | "less_than_equal":
            bound = f"at least {limits['ge']}" if "ge" in limits else f"at most {limits['le']}"
            return Problem(
                "out-of-range", f"{describe(value)} is out of range", path, hint=f"it must be {bound}"
            )
        case kind:
            message = f"expected {_EXPECTED[kind]}, found {describe(value)}"
            return Problem("wrong-type", message, path, hint=_find_type_hint(details, _EXPECTED[kind]))


def _find_type_hint(details: ErrorDetails, expected: str) -> str | None:
    value, location = details["input"], details["loc"]
    match expected, value:
        case _, None:
            return _find_hint_for_nothing(location)
        case "a number" | "a whole number" | "true or false", str() if "${" in value:
            return "an expression can't stand here"
        case "a number" | "a whole number", str() if _NUMBER.fullmatch(value):
            return "write it without quotes"
        case "true or false", str() if (meant := _BOOLEANS.get(value.lower())) is not None:
            return f"write {meant}"
        case "true or false", str():
            return did_you_mean(value, ("true", "false"))
        case "text", int() | float():
            return f'{IN_QUOTES}"{str(value).lower() if isinstance(value, bool) else value}"'
        case "a map" | "a list", _ if example := find_shape(location[:-1]).examples.get(str(location[-1])):
            return f"for example {quote(example)}"
        case _:
            return None


def _find_hint_for_nothing(location: tuple[int | str, ...]) -> str:
    key, shape = location[-1], find_shape(location[:-1])
    if isinstance(key, int):
        return "remove the item, or give it a value"
    if key in shape.required:
        return f"it must have a value, for example {quote(shape.examples[key])}"
    return "leave the key out, or give it a value"


def _report_bad_choice(value: Any, expected: str, path: Path) -> Problem:
    choices = list_choices(expected)
    if not isinstance(value, str) and str(value) in choices:
        return Problem("wrong-type", f"expected text, found {describe(value)}", path, hint=f'write "{value}"')
    message = f"{quote(value)} is not accepted here"
    if not isinstance(value, str):
        return Problem("bad-value", message, path, hint=f"allowed: {join_listed(choices)}")
    return report_unknown("bad-value", message, value, choices, path)


def _report_bad_duration(value: str | float, path: Path) -> Problem:
    hint = f"write for example {', '.join(EXAMPLES)}"
    if isinstance(value, str) and "${" in value:
        hint = "an expression can't stand here: the timing must be the same in every run"
    elif not isinstance(value, str) or value.strip().isdigit():
        hint = f"a bare number has no unit: did you mean {str(value).strip()}s?"
    return Problem("bad-duration", f"{quote(value)} is not a duration", path, hint=hint)


def _describe_name(path: Path) -> str:
    if (path[0] == "definitions" and len(path) == 2) or _WITH_HYPHENS & {*path[-2:]}:
        return NAME
    if path == ("name",) or (path[0] == "definitions" and path[2:] == ("name",)):
        return DEFINITION_NAME
    if (
        path[-1] in ("activity", "task_queue")
        or {"signal", "signals", "updates", "queries", "any", "all"} & {*path[-2:]}
        or any(str(e).endswith("error_types") for e in path)
    ):
        return WORD
    return IDENTIFIER
