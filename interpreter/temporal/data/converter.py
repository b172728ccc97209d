"""The data converter of a project, and what a client needs to know of it."""

from __future__ import annotations

from typing import Any, TypedDict

from temporalio.common import HeaderCodecBehavior
from temporalio.converter import DataConverter as DataConverter  # exported: the command line names it, too
from temporalio.converter import PayloadCodec

from interpreter.temporal.references import SettingProblem, call_factory, load_object


class ClientOptions(TypedDict):
    """What temporalio's `Client` is told of the data."""

    data_converter: DataConverter
    header_codec_behavior: HeaderCodecBehavior


def load_data_converter(reference: str) -> DataConverter:
    """Load the data converter that a setting names.

    Args:
        reference: `module:name` of a `DataConverter`, or of a function without parameters that makes one.

    Raises:
        SettingProblem: there is no such object, or it is something else.
    """
    found = load_object(reference)
    if callable(found):
        found = call_factory(reference, found)
    if not isinstance(found, DataConverter):
        raise SettingProblem(
            f'names "{reference}", which is no DataConverter but {_name_type(found)}',
            "it must be a temporalio.converter.DataConverter, or a function without parameters that returns one",
        )
    return found


def build_client_options(converter: DataConverter | None) -> ClientOptions:
    """Build what a client is told of the data; without a converter it has temporalio's default."""
    converter = converter or DataConverter.default
    headers = choose_header_codec(converter.payload_codec, HeaderCodecBehavior.NO_CODEC)
    return ClientOptions(data_converter=converter, header_codec_behavior=headers)


def choose_header_codec(codec: PayloadCodec | None, chosen: HeaderCodecBehavior) -> HeaderCodecBehavior:
    """Choose what becomes of headers.

    What a codec hides must not stand in a header: that of an activity call may hold the keys of items. So headers are
    encoded as well, where there is a codec.

    Args:
        codec: The codec of the user, if there is one.
        chosen: What the user has chosen; NO_CODEC is what temporalio has if nobody chooses.
    """
    is_open = codec is not None and chosen is HeaderCodecBehavior.NO_CODEC
    return HeaderCodecBehavior.CODEC if is_open else chosen


def _name_type(value: Any) -> str:
    return "None" if value is None else f"an object of the type {type(value).__name__}"
