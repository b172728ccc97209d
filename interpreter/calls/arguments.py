"""What an activity is given: the positional arguments of the user's, the request of the built-in one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from dsl.expressions import JsonValue, SecretPlace, SecretText, Template
from dsl.model import ActivityAction, HttpAction, HttpRequest
from interpreter.state.context import StepContext


class Arguments(NamedTuple):
    """The arguments of a call, and the secrets in them."""

    values: tuple[JsonValue, ...]
    """Where a secret is, they show how it is written."""
    secrets: tuple[SecretPlace, ...]


def evaluate_arguments(context: StepContext, step: ActivityAction | HttpAction) -> Arguments:
    """Evaluate the arguments of a call.

    Raises:
        StepFailed: one has no value.
    """
    if isinstance(step, HttpAction):
        return _evaluate_request(context, step.http)
    args, values = step.args, evaluate_positional(context, step.args)
    if args is None or not args.secret_paths:
        return Arguments(values, ())
    if isinstance(args.source, list):
        return Arguments(values, tuple(_find_secrets(args, values, ())))
    return Arguments(values, tuple(_find_secrets(args, values[0], (0,))))


def evaluate_positional(
    context: StepContext, args: Template | None, part: str = "args"
) -> tuple[JsonValue, ...]:
    """A list in the definition is the positional arguments; anything else, also what yields a list, is one."""
    if args is None:
        return ()
    value = context.evaluate(args, part)
    return tuple(value) if isinstance(args.source, list) and isinstance(value, list) else (value,)


def _evaluate_request(context: StepContext, http: HttpRequest) -> Arguments:
    asked: dict[str, JsonValue] = {"method": http.method, "expect": list(http.expect)}
    secrets: list[SecretPlace] = []

    def evaluate(template: Template, *way: str) -> JsonValue:
        value = context.evaluate(template, ".".join(("http", *way)))
        secrets.extend(_find_secrets(template, value, (0, *way)))
        return value

    asked["url"] = evaluate(http.url, "url")
    for name, values in (("headers", http.headers), ("query", http.query)):
        asked[name] = {key: evaluate(value, name, key) for key, value in values.items()}
    for name, value in (("json", http.json_), ("body", http.body)):
        if value is not None:
            asked[name] = evaluate(value, name)
    return Arguments((asked,), tuple(secrets))


def _find_secrets(template: Template, value: Any, before: tuple[str | int, ...]) -> Iterator[SecretPlace]:
    """Find the secrets in the value of a template, which stands at `before` in the arguments."""
    for path in template.secret_paths:
        found = value
        for key in path:
            found = found[key]
        assert isinstance(found, SecretText)
        yield {"at": [*before, *path], "parts": list(found.parts)}
