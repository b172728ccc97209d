"""The secrets of run cases: every name has a value, on the fake and on a server."""

from __future__ import annotations

import json

from dsl.expressions import JsonValue
from dsl.expressions.secret_text import fill_in_secrets, list_secret_names
from interpreter.effects import ActivityCall


def look_up(name: str) -> str:
    """Return the value of a secret: `TOKEN` has the value `value of TOKEN`."""
    return f"value of {name}"


def fill_in(call: ActivityCall) -> list[JsonValue]:
    """Return the arguments of a call with the values of secrets filled in, as a worker does."""
    if not call.secrets:
        return list(call.args)
    args: list[JsonValue] = json.loads(json.dumps(call.args))
    fill_in_secrets(args, call.secrets, {name: look_up(name) for name in list_secret_names(call.secrets)})
    return args
