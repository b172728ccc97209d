"""What an activity is given: the positional arguments of the user's, the request of the built-in one."""

from __future__ import annotations

from dsl.expressions import JsonValue, Template
from dsl.model import ActivityAction, HttpAction, HttpRequest
from interpreter.state.context import StepContext


def evaluate_arguments(context: StepContext, step: ActivityAction | HttpAction) -> tuple[JsonValue, ...]:
    """Evaluate the arguments of a call.

    Raises:
        StepFailed: one has no value.
    """
    if isinstance(step, HttpAction):
        return (_evaluate_request(context, step.http),)
    return evaluate_positional(context, step.args)


def evaluate_positional(
    context: StepContext, args: Template | None, part: str = "args"
) -> tuple[JsonValue, ...]:
    """A list in the definition is the positional arguments; anything else, also what yields a list, is one."""
    if args is None:
        return ()
    value = context.evaluate(args, part)
    return tuple(value) if isinstance(args.source, list) and isinstance(value, list) else (value,)


def _evaluate_request(context: StepContext, http: HttpRequest) -> JsonValue:
    asked: dict[str, JsonValue] = {"method": http.method, "expect": list(http.expect)}
    asked["url"] = context.evaluate(http.url, "http.url")
    for name, values in (("headers", http.headers), ("query", http.query)):
        asked[name] = {key: context.evaluate(v, f"http.{name}.{key}") for key, v in values.items()}
    for name, value in (("json", http.json_), ("body", http.body)):
        if value is not None:
            asked[name] = context.evaluate(value, f"http.{name}")
    return asked
