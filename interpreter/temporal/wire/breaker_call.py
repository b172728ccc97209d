"""What a run tells a worker of the shared circuit breaker of a call; a part of the header of the call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from dsl.model import CircuitBreaker
from dsl.scalars.json_value import JsonValue
from interpreter.effects import BreakerCall
from interpreter.program.model_json import encode_model


def encode_breaker_call(call: BreakerCall) -> JsonValue:
    """Write it as JSON. The settings are a text, so that a worker decodes them once, not for each call."""
    data: dict[str, JsonValue] = {
        "name": call.name,
        "settings": json.dumps(encode_model(call.settings)),
        "since": call.since.isoformat(),
    }
    if call.key:
        data["key"] = call.key
    if call.waiter is not None:
        data["waiter"] = call.waiter
    if call.known:
        data["known"] = call.known
    if call.final_error_types:
        data["final"] = list(call.final_error_types)
    return data


def decode_breaker_call(data: Mapping[str, Any]) -> BreakerCall:
    """Read it back."""
    return BreakerCall(
        data["name"],
        data.get("key", ""),
        data.get("waiter"),
        _decode_settings(data["settings"]),
        datetime.fromisoformat(data["since"]),
        data.get("known", 0),
        tuple(data.get("final", ())),
    )


@lru_cache(maxsize=256)
def _decode_settings(text: str) -> CircuitBreaker:
    return CircuitBreaker.model_validate(json.loads(text))
