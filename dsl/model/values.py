"""Keys take these kinds of values: names, durations, data and expressions."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar, get_args

from pydantic import (
    Field,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    Strict,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError, PydanticKnownError, core_schema

from dsl.expressions import Template
from dsl.scalars.duration import EXAMPLES, PATTERN, POSITIVE_PATTERN, format_duration, parse_duration
from dsl.scalars.json_value import JsonValue
from dsl.scalars.time import PATTERN as TIME
from dsl.scalars.time import parse_time

T = TypeVar("T")


def read_by(function: Callable[[Any], Any]) -> GetPydanticSchema:
    """Validate by `function` alone.

    pydantic's `PlainValidator` would also build a schema of the annotated type. For `Template` that is the whole
    syntax tree of expressions, which took half of the time to start.
    """
    return GetPydanticSchema(lambda _source, _handler: core_schema.no_info_plain_validator_function(function))


def _exclude_null(optional: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
    return handler.generate_schema(get_args(optional)[0])


Maybe = Annotated[T | None, GetPydanticSchema(_exclude_null)]
"""A key that may be left out. Null is not a value of it: an empty `retry:` says nothing, and is refused."""

Many = Annotated[tuple[T, ...], Strict(False)]
"""A list of the YAML."""


def _explain_pattern(expected: str) -> dict[str, JsonValue]:
    """Say what is expected, for editors. They show the regular expression otherwise."""
    return {"errorMessage": f"Expected {expected}."}


def _explain_name(expected: str) -> Any:
    return Field(json_schema_extra=_explain_pattern(expected))


DEFINITION_NAME = (
    "letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 100 characters"
)
IDENTIFIER = (
    "small letters, digits and '_', beginning with a letter, at most 64 characters (a hyphen would subtract)"
)
NAME = "small letters, digits, '_' and '-', beginning with a letter, at most 64 characters"
WORD = "a name as Temporal knows it, without '$' and without spaces around it, at most 200 characters"

_NAME_PATTERN = r"^[a-z][a-z0-9_-]{0,63}$"
_WORD_PATTERN = r"^[^\s$](?:[^$]{0,198}[^\s$])?$"
DefinitionName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"), _explain_name(DEFINITION_NAME)
]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$"), _explain_name(IDENTIFIER)]
"""The id of a step, or the name of a variable or a policy. It may stand in expressions, so it has no hyphen."""
Name = Annotated[str, StringConstraints(pattern=_NAME_PATTERN), _explain_name(NAME)]
"""The name of a circuit breaker, a dead-letter queue or a definition."""
Word = Annotated[str, StringConstraints(pattern=_WORD_PATTERN), _explain_name(WORD)]
"""A name that Temporal knows: an activity, a task queue, an error type. It is never an expression."""


def is_name(text: Any) -> bool:
    """Tell whether `text` is a `Name`."""
    return isinstance(text, str) and re.fullmatch(_NAME_PATTERN, text) is not None


def is_word(text: Any) -> bool:
    """Tell whether `text` is a `Word`."""
    return isinstance(text, str) and re.fullmatch(_WORD_PATTERN, text) is not None


Attempts = Annotated[int, Field(ge=0, le=2**31 - 1)]
Redrives = Annotated[int, Field(ge=0, le=1_000_000)]
Coefficient = Annotated[float, Field(ge=1, le=1000, allow_inf_nan=False)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A short text for people."""
FilePath = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
"""The path of a file, relative to the file in which it stands."""


LONGEST_DURATION = timedelta(days=36_500)


def _read_any_duration(text: Any) -> timedelta:
    return _read_duration(text, zero=True)


def _read_positive_duration(text: Any) -> timedelta:
    return _read_duration(text, zero=False)


def _read_duration(text: Any, *, zero: bool) -> timedelta:
    if isinstance(text, str):
        try:
            duration = parse_duration(text)
        except ValueError:
            raise PydanticCustomError("duration", "") from None
        if zero or duration:
            return refuse_too_long(duration)
        raise PydanticCustomError("duration_zero", "")
    raise PydanticCustomError("duration", "")


_DURATION = f"a duration, for example {', '.join(EXAMPLES)}"
_LONGER = f"a duration longer than zero, for example {', '.join(EXAMPLES)}"
_OR_EXPRESSION = r"|\$\{"
"""What is added to a pattern where an expression may stand as well."""


def refuse_too_long(duration: timedelta) -> timedelta:
    """Return the duration, unless it is beyond what anybody means and the server takes."""
    if duration > LONGEST_DURATION:
        raise PydanticCustomError("duration_too_long", "", {"found": format_duration(duration)})
    return duration


def _build_text_schema(pattern: str, expected: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, **_explain_pattern(expected)})


def build_number_or_text_schema(least: int, most: int | None, pattern: str, expected: str) -> WithJsonSchema:
    """Describe a whole number, or text of a pattern. JSON Schema applies a bound to numbers only."""
    bounds = {"minimum": least, **({} if most is None else {"maximum": most})}
    return WithJsonSchema(
        {"type": ["integer", "string"], **bounds, "pattern": pattern, **_explain_pattern(expected)}
    )


PositiveDuration = Annotated[
    timedelta, read_by(_read_positive_duration), _build_text_schema(POSITIVE_PATTERN, _LONGER)
]

Value = Annotated[Template, read_by(Template.value), WithJsonSchema({})]
"""Any data; text in it may hold `${ }`. Mistakes in expressions are found by the rules, not by the model."""


def _read_expression(data: Any) -> Template:
    return Template.expression(data) if isinstance(data, str) else Template.value(data)


Result = Annotated[Template, read_by(_read_expression), WithJsonSchema({})]
"""An expression, with or without `${ }`. Data that is not text is a `Value`."""


def _read_condition(data: Any) -> Template:
    if isinstance(data, bool):
        return Template.value(data)
    if isinstance(data, str):
        return Template.expression(data)
    raise PydanticCustomError("condition", "")


Condition = Annotated[Template, read_by(_read_condition), WithJsonSchema({"type": ["string", "boolean"]})]
"""An expression that yields true or false, with or without `${ }`."""


def _read_name_of_item(data: Any) -> Template:
    if isinstance(data, str):
        return Template.expression(data)
    raise PydanticCustomError("name_of_item", "")


NameOfItem = Annotated[Template, read_by(_read_name_of_item), WithJsonSchema({"type": "string"})]
"""An expression that yields text or a whole number, with or without `${ }`."""


def has_expression(data: Any) -> bool:
    """Tell whether `data` is text with an expression in it."""
    return isinstance(data, str) and "${" in data


def _read_duration_or_expression(data: Any) -> timedelta | Template:
    return Template.value(data) if has_expression(data) else _read_any_duration(data)


def _read_task_queue(data: Any) -> str | Template:
    if has_expression(data):
        return Template.value(data)
    if not isinstance(data, str):
        raise PydanticKnownError("string_type")
    if not is_word(data):
        raise PydanticKnownError("string_pattern_mismatch", {"pattern": _WORD_PATTERN})
    return data


TaskQueue = Annotated[
    str | Template,
    read_by(_read_task_queue),
    _build_text_schema(_WORD_PATTERN + _OR_EXPRESSION, f"{WORD}; or an expression in ${{ }}"),
]
"""The name of a task queue, or an expression that yields it: only a worker itself knows the queue of that one
worker."""


def _read_positive_duration_or_expression(data: Any) -> timedelta | Template:
    return Template.value(data) if has_expression(data) else _read_positive_duration(data)


DurationOrExpression = Annotated[
    timedelta | Template,
    read_by(_read_duration_or_expression),
    _build_text_schema(PATTERN + _OR_EXPRESSION, f"{_DURATION}, or an expression in ${{ }}"),
]
"""How long a timer of the workflow runs. It may be computed, unlike a timeout of the server."""
PositiveDurationOrExpression = Annotated[
    timedelta | Template,
    read_by(_read_positive_duration_or_expression),
    _build_text_schema(POSITIVE_PATTERN + _OR_EXPRESSION, f"{_LONGER}, or an expression in ${{ }}"),
]


def _read_time_or_expression(data: Any) -> datetime | Template:
    if has_expression(data):
        return Template.value(data)
    if isinstance(data, str):
        with suppress(ValueError):
            return parse_time(data)
    raise PydanticCustomError("time", "")


TimeOrExpression = Annotated[
    datetime | Template,
    read_by(_read_time_or_expression),
    _build_text_schema(
        f"^{TIME}${_OR_EXPRESSION}",
        "a time with its offset, for example 2027-01-01T09:00:00Z, or an expression in ${ }",
    ),
]


def _read_items(data: JsonValue) -> Template:
    if isinstance(data, str):
        return Template.expression(data)
    if isinstance(data, list):
        return Template.value(data)
    raise PydanticCustomError("items", "")


Items = Annotated[Template, read_by(_read_items), WithJsonSchema({"type": ["string", "array"]})]
"""A list, or an expression that yields one, with or without `${ }`."""


@dataclass(frozen=True, slots=True)
class Percent:
    """This is a share of all items."""

    value: float
    """From 0 to 100."""


TOLERANCE = "a number of items (3) or a percentage of them (5%)"
_PERCENT = r"(100(\.0{1,3})?|[0-9]{1,2}(\.[0-9]{1,3})?) *%"


def _read_tolerance(data: Any) -> int | Percent:
    if isinstance(data, int) and not isinstance(data, bool) and data >= 0:
        return data
    if isinstance(data, str) and re.fullmatch(_PERCENT, data):
        return Percent(float(data.rstrip(" %")))
    raise PydanticCustomError("tolerance", "")


Tolerance = Annotated[
    int | Percent,
    read_by(_read_tolerance),
    build_number_or_text_schema(0, None, f"^{_PERCENT}$", TOLERANCE),
]
"""A number of items, or a share of all."""


def _read_json_schema(data: JsonValue) -> dict[str, Any]:
    if isinstance(data, dict):
        return data
    raise PydanticCustomError("json_schema", "")


JsonSchema = Annotated[
    dict[str, Any],
    read_by(_read_json_schema),
    WithJsonSchema({"$ref": "https://json-schema.org/draft/2020-12/schema"}),
]
"""A JSON Schema (2020-12). `dsl.rules.schemas` checks whether it is a valid one."""
