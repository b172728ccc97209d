"""The header that carries a trace from client to worker, and on to activities and children.

Its name and format are those of temporalio's own interceptor, and so those of Temporal's SDKs in other languages.
"""

from __future__ import annotations

from collections.abc import Mapping

from opentelemetry.context import Context
from opentelemetry.propagators.textmap import CarrierValT
from temporalio.api.common.v1 import Payload
from temporalio.contrib.opentelemetry import TracingInterceptor

_TEMPORALIO = TracingInterceptor()
KEY = _TEMPORALIO.header_key
_propagator, _converter = _TEMPORALIO.text_map_propagator, _TEMPORALIO.payload_converter


def write_header(headers: Mapping[str, Payload], context: Context | None = None) -> Mapping[str, Payload]:
    """Add the header to those of a call.

    Args:
        headers: Those that it has already.
        context: What the call is a part of; without it, what is current.
    """
    carrier: dict[str, CarrierValT] = {}
    _propagator.inject(carrier, context)
    return {**headers, KEY: _converter.to_payload(carrier)} if carrier else headers


def read_header(headers: Mapping[str, Payload]) -> Context:
    """Read what a call is a part of; nothing, if it has no header, or one that can't be read: that fails no run."""
    payload = headers.get(KEY)
    if payload is None:
        return Context()
    try:
        return _propagator.extract(_converter.from_payload(payload), Context())
    except Exception:
        return Context()
