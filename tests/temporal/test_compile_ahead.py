"""The codec that compiles ahead stands around the user's own, and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    DataConverter,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from interpreter.program.model import Bundle
from interpreter.temporal.wire.request import StartRequest, encode_arguments
from interpreter.temporal.worker.compile_ahead import CompileAhead, compile_ahead

LARGE = Bundle('dsl: "1"\nname: large\nsteps:\n' + "  - wait: 1s\n" * 1000)
WRONG = Bundle('dsl: "1"\nname: large\nsteps:\n' + "  - wat: 1s\n" * 1000)


@dataclass(frozen=True)
class Shift(PayloadCodec, WithSerializationContext):
    """A codec of a user, which writes the id of the workflow before the data."""

    prefix: bytes = b"-"

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [Payload(metadata=each.metadata, data=self.prefix + each.data) for each in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [
            Payload(metadata=each.metadata, data=each.data.removeprefix(self.prefix)) for each in payloads
        ]

    def with_context(self, context: SerializationContext) -> Shift:
        assert isinstance(context, WorkflowSerializationContext)
        return Shift((context.workflow_id or "").encode())


@pytest.mark.parametrize("bundle", [LARGE, WRONG], ids=["right", "wrong"])
@pytest.mark.parametrize("codec", [None, Shift()], ids=["no codec", "a codec"])
async def test_a_request_arrives_as_it_was_sent(codec: PayloadCodec | None, bundle: Bundle) -> None:
    converter = compile_ahead(DataConverter(payload_codec=codec))
    sent = encode_arguments(StartRequest(bundle), {"n": 1})
    payloads = await converter.encode(sent)
    assert payloads[0].data.startswith(b"-") == (codec is not None)
    assert await converter.decode(payloads) == sent


@pytest.mark.parametrize(
    "data",
    [
        b'{"definition":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"definition":' + b"x" * 5000,
        b'"definition"' * 500,
    ],
    ids=["deep", "no JSON", "no map"],
)
async def test_data_of_others_pass(data: bytes) -> None:
    payload = Payload(metadata={"encoding": b"json/plain"}, data=data)
    assert await CompileAhead().decode([payload]) == [payload]


async def test_it_hands_the_context_on() -> None:
    converter = compile_ahead(DataConverter(payload_codec=Shift()))
    assert converter.payload_codec is not None
    bound = converter.with_context(WorkflowSerializationContext(namespace="default", workflow_id="order-1"))
    assert (await bound.encode([1]))[0].data == b"order-11"
    assert await bound.decode(await bound.encode([1])) == [1]


def test_it_is_put_there_once() -> None:
    converter = compile_ahead(DataConverter.default)
    assert isinstance(converter.payload_codec, CompileAhead)
    assert compile_ahead(converter) is converter
