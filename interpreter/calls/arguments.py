"""What an activity is given: the positional arguments of the user's, the request of the built-in one."""

from __future__ import annotations

from dsl.expressions import JsonValue, Template
from dsl.model import ActivityAction, HttpAction, HttpRequest
from interpreter.state.run import Run
from interpreter.state.scope import Scope


def arguments(run: Run, step: ActivityAction | HttpAction, scope: Scope, what: str) -> tuple[JsonValue, ...]:
    """Evaluate the arguments of a call.

    Raises:
        StepFailed: one has no value.
    """
    if isinstance(step, HttpAction):
        return (_request(run, step.http, scope, f"{what}: http"),)
    return positional(run, step.args, scope, f"{what}: args")


def positional(run: Run, args: Template | None, scope: Scope, what: str) -> tuple[JsonValue, ...]:
    """A list in the definition is the positional arguments; anything else, also what yields a list, is one."""
    if args is None:
        return ()
    value = run.evaluate(args, scope, what)
    return tuple(value) if isinstance(args.source, list) and isinstance(value, list) else (value,)


def _request(run: Run, http: HttpRequest, scope: Scope, what: str) -> JsonValue:
    asked: dict[str, JsonValue] = {"method": http.method, "expect": list(http.expect)}
    asked["url"] = run.evaluate(http.url, scope, f"{what}.url")
    for name, values in (("headers", http.headers), ("query", http.query)):
        asked[name] = {key: run.evaluate(v, scope, f"{what}.{name}.{key}") for key, v in values.items()}
    for name, value in (("json", http.json_), ("body", http.body)):
        if value is not None:
            asked[name] = run.evaluate(value, scope, f"{what}.{name}")
    return asked
