"""What a Stepfile worker adds to the data converter of the user; it changes no payload."""

from __future__ import annotations

from temporalio.client import Client
from temporalio.common import HeaderCodecBehavior
from temporalio.converter import DataConverter

from interpreter.temporal.data.converter import choose_header_codec
from interpreter.temporal.secrets.payload_converter import let_secrets_through
from interpreter.temporal.worker.compile_ahead import CompileAhead, compile_ahead
from interpreter.temporal.worker.trimmed_failures import trim_failures


def adapt_converter(converter: DataConverter | None) -> DataConverter:
    """Make a data converter for a worker.

    It also has large definitions compiled, lets arguments with secrets through, trims the failures of activities, and
    replaces the values of secrets in them.
    """
    return trim_failures(let_secrets_through(compile_ahead(converter or DataConverter.default)))


def adapt_header_codec(converter: DataConverter, chosen: HeaderCodecBehavior | None) -> HeaderCodecBehavior:
    """Choose what becomes of headers: they are encoded where the user has a codec.

    Args:
        converter: A data converter, adapted or not.
        chosen: What the user has chosen; None if nothing.
    """
    codec = converter.payload_codec
    own = codec.inner if isinstance(codec, CompileAhead) else codec
    return choose_header_codec(own, chosen or HeaderCodecBehavior.NO_CODEC)


def adapt_client(client: Client) -> Client:
    """Make a client for a worker that is the same, with an adapted data converter.

    The plugins of the client have done their part already, and are not asked a second time.
    """
    config = client.config(active_config=True)
    converter = adapt_converter(config["data_converter"])
    config["data_converter"] = converter
    config["header_codec_behavior"] = adapt_header_codec(converter, config["header_codec_behavior"])
    config["plugins"] = []
    return Client(**config)
