"""The plugin that traces: given to a client, it traces what the client does, and the workers of that client."""

from __future__ import annotations

from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, SynchronousMultiSpanProcessor, TracerProvider
from opentelemetry.trace import ProxyTracerProvider, get_tracer_provider, set_tracer_provider
from temporalio.contrib.opentelemetry import OpenTelemetryPlugin, create_tracer_provider

from interpreter.temporal.tracing.attempt_spans import AttemptSpans
from interpreter.temporal.tracing.client_spans import ClientSpans
from interpreter.temporal.tracing.exporters import build_processors
from interpreter.temporal.tracing.ids import GivenIds
from interpreter.temporal.tracing.problem import TracesProblem
from interpreter.temporal.tracing.redacting import RedactingProcessor
from interpreter.temporal.tracing.run_spans import RunSpans
from interpreter.temporal.tracing.step_context import StepContext


class TracePlugin(OpenTelemetryPlugin):
    """Traces runs: clients, runs, steps, attempts and compensations, as one trace.

        client = await connect(plugins=[TracePlugin()])

    It is temporalio's own plugin, which carries the trace from client to worker, and to activities and children, and
    Stepfile's spans. It makes OpenTelemetry's tracer provider of this process, so there can be one in a process;
    activities find it by `opentelemetry.trace.get_tracer`, and their spans are a part of the trace.
    """

    def __init__(self, *processors: SpanProcessor) -> None:
        """
        Args:
            processors: Get the spans, redacted. Without any, the environment variables of OpenTelemetry say where
                they are sent: `OTEL_TRACES_EXPORTER`, `OTEL_EXPORTER_OTLP_ENDPOINT` and so on.

        Raises:
            TracesProblem: this process has a tracer provider already, or the variables name no exporter.
        """
        if not isinstance(get_tracer_provider(), ProxyTracerProvider):
            raise TracesProblem(
                "this process has a tracer provider of OpenTelemetry already, and there can be only one",
                "let TracePlugin make it; what needs to see the spans is a span processor that TracePlugin is given",
            )
        self._outlet = SynchronousMultiSpanProcessor()  # type: ignore[no-untyped-call]
        for processor in processors or build_processors():
            self._outlet.add_span_processor(RedactingProcessor(processor, _redact))
        resource, ids = _describe_process(), GivenIds()
        set_tracer_provider(create_tracer_provider(resource=resource, active_span_processor=self._outlet))
        computed = TracerProvider(
            resource=resource, active_span_processor=self._outlet, id_generator=ids, shutdown_on_exit=False
        )
        super().__init__()
        carriers = self.interceptors
        assert isinstance(carriers, list)
        self.interceptors = [
            ClientSpans(),
            *carriers,
            AttemptSpans(),
            StepContext(computed.sampler),
            RunSpans(computed, ids),
        ]

    def flush(self) -> None:
        """Send all spans that have ended. This waits until they are sent, or the exporter has given up."""
        self._outlet.force_flush()


def _describe_process() -> Resource:
    resource = Resource.create()
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        return resource.merge(Resource({SERVICE_NAME: "stepfile"}))
    return resource


def _redact(text: str) -> str:
    return text
