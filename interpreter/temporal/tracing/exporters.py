"""Where spans are sent: what OpenTelemetry's own environment variables say."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points

from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SimpleSpanProcessor,
    SpanExporter,
)

from interpreter.temporal.tracing.problem import EXPORTER, TracesProblem

GROUP = "opentelemetry_traces_exporter"
"""Under these entry points the packages of exporters are found, as in OpenTelemetry's own configuration."""

PROTOCOLS = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}
_PACKAGES = {
    "otlp_proto_http": "pip install 'stepfile[otel]'",
    "otlp_proto_grpc": "pip install opentelemetry-exporter-otlp-proto-grpc",
}
_PROTOCOL_VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


def build_processors() -> list[SpanProcessor]:
    """Make what sends spans to the exporters that `OTEL_TRACES_EXPORTER` names.

    Raises:
        TracesProblem: there is no such exporter, or it can't be made.
    """
    names = os.environ.get(EXPORTER, "otlp").split(",")
    return [_build_processor(name.strip()) for name in names if name.strip() not in ("", "none")]


def _build_processor(name: str) -> SpanProcessor:
    if name == "console":  # standard output is for results
        return SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stderr))
    return BatchSpanProcessor(_load_exporter(name))


def _load_exporter(name: str) -> SpanExporter:
    entry = _choose_protocol() if name == "otlp" else name
    for found in entry_points(group=GROUP, name=entry):
        try:
            exporter: SpanExporter = found.load()()
        except Exception as error:
            raise TracesProblem(
                f"the exporter {entry} of traces can't be made: {type(error).__name__}: {error}",
                "the variables OTEL_EXPORTER_* say where and how it sends",
            ) from error
        return exporter
    known = ", ".join(dict.fromkeys(("otlp", "console", "none", *_list_installed())))
    raise TracesProblem(
        f'{EXPORTER} is "{name}", and no package with the exporter {entry} is installed',
        _PACKAGES.get(entry, f"accepted: {known}"),
    )


def _choose_protocol() -> str:
    for variable in _PROTOCOL_VARIABLES:
        protocol = os.environ.get(variable)
        if protocol:
            if protocol not in PROTOCOLS:
                raise TracesProblem(f'{variable} is "{protocol}"', f"accepted: {', '.join(PROTOCOLS)}")
            return PROTOCOLS[protocol]
    return PROTOCOLS["http/protobuf"]


def _list_installed() -> Iterator[str]:
    return (found.name for found in entry_points(group=GROUP))
