"""What a run tells the worker of an activity beside its arguments, in a header of the call.

Only what the definition and the run say: never anything of the worker that runs the workflow.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from temporalio.api.common.v1 import Payload

from dsl.model import RetryPolicy
from dsl.scalars.json_value import JsonValue
from interpreter.effects import BreakerCall, HiddenPlace
from interpreter.program.model_json import encode_model
from interpreter.temporal.wire.breaker_call import decode_breaker_call, encode_breaker_call
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
    breaker: BreakerCall | None = None
    """The shared circuit breaker that the attempt has to ask."""

    def payload(self) -> Payload:
        """Write it as the header of a call."""
        data: dict[str, JsonValue] = {"key": self.key}
        if self.retry is not None:
            data["retry"] = encode_model(self.retry)
        if self.undoes:
            data["undoes"] = True
        if self.breaker is not None:
            data["breaker"] = encode_breaker_call(self.breaker)
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
        called = data.get("breaker")
        breaker = None if called is None else decode_breaker_call(called)
        storage = None if "storage" not in data else StorageLimits.of(data["storage"])
        hidden = tuple(HiddenPlace(label, tuple(path)) for label, path in data.get("hidden", ()))
        return ActivityHeader(data["key"], policy, data.get("undoes", False), storage, hidden, breaker)


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
