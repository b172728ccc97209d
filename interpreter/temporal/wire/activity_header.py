"""What a run tells the worker of an activity beside its arguments, in a header of the call.

Only what the definition and the run say: never anything of the worker that runs the workflow.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

from temporalio.api.common.v1 import Payload

from dsl.model import RetryPolicy
from dsl.model.model import Model
from dsl.scalars.duration import format_duration
from dsl.scalars.json_value import JsonValue
from interpreter.effects import HiddenPlace
from interpreter.temporal.wire.storage_limits import StorageLimits

HEADER = "stepfile"
"""Name of the header."""


@dataclass(frozen=True, slots=True)
class ActivityHeader:
    """How a Stepfile worker makes an attempt."""

    key: str
    """The idempotency key of the step."""
    retry: RetryPolicy | None = None
    """The part of the retry policy that the server does not know; None when it knows all of it."""
    undoes: bool = False
    """Whether the activity undoes something. Then no error of ours is final: undoing goes on until it works."""
    storage: StorageLimits | None = None
    """The bounds of a result that is kept in external storage; None if the run has none."""
    hidden: tuple[HiddenPlace, ...] = ()
    """Where in the arguments are secret values of the input of the run, which must not be shown to people."""

    def payload(self) -> Payload:
        """Write it as the header of a call."""
        data: dict[str, JsonValue] = {"key": self.key}
        if self.retry is not None:
            data["retry"] = _encode_value(self.retry)
        if self.undoes:
            data["undoes"] = True
        if self.storage is not None:
            data["storage"] = self.storage.to_json()
        if self.hidden:
            data["hidden"] = [[label, list(path)] for label, path in self.hidden]
        return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(data).encode())

    @staticmethod
    def of(headers: Mapping[str, Payload]) -> ActivityHeader | None:
        """Read it back; None for a call without one, which most calls of a definition are, too."""
        payload = headers.get(HEADER)
        if payload is None:
            return None
        data = json.loads(payload.data)
        retry = data.get("retry")
        policy = None if retry is None else RetryPolicy.model_validate(retry)
        storage = None if "storage" not in data else StorageLimits.of(data["storage"])
        hidden = tuple(HiddenPlace(label, tuple(path)) for label, path in data.get("hidden", ()))
        return ActivityHeader(data["key"], policy, data.get("undoes", False), storage, hidden)


_Setting: TypeAlias = Model | timedelta | dict[str, Any] | tuple[Any, ...] | str | int | float | None
"""A value of a retry policy."""

_attached: ContextVar[ActivityHeader | None] = ContextVar("stepfile_instructions", default=None)


@contextmanager
def attach_header(instructions: ActivityHeader | None) -> Generator[None]:
    """Activities that are scheduled inside get these; None for those that need none."""
    token = _attached.set(instructions)
    try:
        yield
    finally:
        _attached.reset(token)


def build_call_headers() -> dict[str, Payload]:
    """What the call that is being made has to carry."""
    instructions = _attached.get()
    return {} if instructions is None else {HEADER: instructions.payload()}


def _encode_value(value: _Setting) -> JsonValue:
    match value:
        case Model():
            return {name: _encode_value(getattr(value, name)) for name in sorted(value.model_fields_set)}
        case timedelta():
            return format_duration(value)
        case dict():
            return {key: _encode_value(item) for key, item in value.items()}
        case tuple():
            return list(value)
        case _:
            return value
