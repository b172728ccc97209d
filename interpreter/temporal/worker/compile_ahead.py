"""Large definitions are compiled before the workflow task that needs them.

temporalio decodes the payloads of a workflow task before it gives the task to the workflow's thread. It does so on
the event loop, where a payload codec may wait without holding anything up. So this codec looks for requests among
the payloads, has the definitions that they bring along compiled (see `interpreter.program.compiled`), and hands
everything on as it is.

Nothing of a run's course depends on it. If the server gives up a task because it takes longer than its timeout, the
compiling goes on, and the next attempt finds the result.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    DataConverter,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
)

from interpreter.program.compiled import ANCHOR, LARGE, begin_compiling, is_large
from interpreter.program.model import Bundle
from interpreter.temporal.wire.request import decode_arguments


class CompileAhead(PayloadCodec, WithSerializationContext):
    """A codec that changes nothing. It stands around the user's own codec, if there is one."""

    def __init__(self, inner: PayloadCodec | None = None) -> None:
        """
        Args:
            inner: The user's codec, which does all the encoding and decoding.
        """
        self.inner = inner

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encode as the user's codec does."""
        return list(payloads) if self.inner is None else await self.inner.encode(payloads)

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decode as the user's codec does, and wait until the large definitions among them are compiled."""
        decoded = list(payloads) if self.inner is None else await self.inner.decode(payloads)
        for payload in decoded:
            bundle = _find_bundle(payload)
            if bundle is not None and is_large(bundle):
                await _compile(bundle)
        return decoded

    def with_context(self, context: SerializationContext) -> CompileAhead:
        """Hand the context on to the user's codec."""
        bind = getattr(self.inner, "with_context", None)
        return self if bind is None else CompileAhead(bind(context))


def compile_ahead(converter: DataConverter) -> DataConverter:
    """Make a data converter that is the same, and has large definitions compiled when it decodes them."""
    if isinstance(converter.payload_codec, CompileAhead):
        return converter
    return replace(converter, payload_codec=CompileAhead(converter.payload_codec))


async def _compile(bundle: Bundle) -> None:
    compiled = asyncio.wrap_future(begin_compiling(bundle))
    await asyncio.wait([compiled])  # if this task is cancelled meanwhile, the compiling goes on
    compiled.exception()  # the workflow says what is wrong with the definition


_SIGNS = (b'"compressed"', ANCHOR.encode())
"""What in a short request may stand for a large definition."""


def _find_bundle(payload: Payload) -> Bundle | None:
    """The definition that a payload brings along, if it is a request."""
    data = payload.data
    if b'"definition"' not in data or (len(data) < LARGE and all(each not in data for each in _SIGNS)):
        return None
    try:
        request: Any = json.loads(data)
        _, decoded = decode_arguments([None, request])
    except Exception:  # whatever is wrong with it, the workflow says it
        return None
    return decoded.bundle
