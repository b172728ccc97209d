"""A Stepfile worker lets arguments with secrets through, so that its interceptor can fill the values in.

temporalio decodes the arguments of an activity before anybody knows by whom it was called. So an argument with
secrets becomes a `SecretArgument`, which holds no value. Only the interceptor opens it, and only for a call by a
Stepfile workflow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.converter import (
    DataConverter,
    PayloadConverter,
    SerializationContext,
    WithSerializationContext,
)

from interpreter.temporal.wire.secret_arguments import decode_secrets, has_secrets


class LetsSecretsThrough(PayloadConverter, WithSerializationContext):
    """A payload converter that does what the user's converter does, but with arguments that have secrets."""

    inner_class: ClassVar[type[PayloadConverter]]

    def __init__(self, inner: PayloadConverter | None = None) -> None:
        """
        Args:
            inner: The converter that does the work; without it one of `inner_class` is made.
        """
        self._inner = self.inner_class() if inner is None else inner

    def to_payloads(self, values: Sequence[Any]) -> list[Payload]:
        """Encode values as the inner converter does."""
        return self._inner.to_payloads(values)

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """Decode payloads as the inner converter does, but those with secrets.

        In a workflow there are none: the inner converter refuses them, as it refuses every unknown encoding.
        """
        if not any(map(has_secrets, payloads)) or _is_in_workflow():
            return self._inner.from_payloads(payloads, type_hints)
        hints: Sequence[Any] = type_hints or [None] * len(payloads)
        return [self._decode(payload, hint) for payload, hint in zip(payloads, hints, strict=True)]

    def _decode(self, payload: Payload, hint: Any) -> Any:
        if hint is RawValue or not has_secrets(payload):
            return self._inner.from_payloads([payload], None if hint is None else [hint])[0]
        return decode_secrets(payload)

    def with_context(self, context: SerializationContext) -> LetsSecretsThrough:
        """Hand the context on to the inner converter. Most ignore it; then nothing is copied."""
        if not isinstance(self._inner, WithSerializationContext):
            return self
        bound = self._inner.with_context(context)
        return self if bound is self._inner else type(self)(bound)


def _is_in_workflow() -> bool:
    """Tell whether a workflow decodes: it has a thread without an event loop, or runs in a loop of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return True
    return workflow.in_workflow()


def let_secrets_through(converter: DataConverter) -> DataConverter:
    """Make a data converter that is the same, and decodes arguments with secrets, too."""
    given = converter.payload_converter_class
    if issubclass(given, LetsSecretsThrough):
        return converter
    # temporalio makes the converter itself, so it wants a class
    adapted = type(LetsSecretsThrough.__name__, (LetsSecretsThrough,), {"inner_class": given})
    return replace(converter, payload_converter_class=adapted)
