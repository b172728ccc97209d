"""Temporal's converter makes the arguments of an activity out of JSON, as the annotations of its code ask for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from temporalio.converter import DefaultPayloadConverter

from dsl.rules.activities import ArgumentType
from dsl.scalars.json_value import JsonValue
from interpreter.temporal.worker.impossible_types import find_impossible

_CONVERTER = DefaultPayloadConverter()


def describe_argument_types(
    function: Callable[..., Any], signature: inspect.Signature
) -> tuple[ArgumentType, ...]:
    """Describe what the arguments of an activity are converted to; nothing if Temporal hands them on as they are.

    Args:
        function: The code of the activity, decorated by `@activity.defn`.
        signature: Its signature, without `self`.
    """
    hints: list[Any] = function.__temporal_activity_definition.arg_types or []  # type: ignore[attr-defined]
    if len(hints) != len(signature.parameters):
        return ()
    return tuple(
        ArgumentType(name, inspect.formatannotation(hint), _make_check(hint), find_impossible(hint))
        for name, hint in zip(signature.parameters, hints, strict=True)
    )


def _make_check(hint: Any) -> Callable[[JsonValue], bool]:
    def accepts(value: JsonValue) -> bool:
        try:
            _CONVERTER.from_payloads(_CONVERTER.to_payloads([value]), [hint])
        except (TypeError, ValueError):
            return False
        return True

    return accepts
