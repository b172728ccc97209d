"""The plugin that traces: given to a client, it traces what the client does, and the workers of that client."""

from __future__ import annotations

from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import ProxyTracerProvider, get_tracer_provider, set_tracer_provider
from temporalio.plugin import SimplePlugin

from interpreter.temporal.tracing.exporters import build_processors
from interpreter.temporal.tracing.ids import GivenIds
from interpreter.temporal.tracing.interceptor import TraceInterceptor
from interpreter.temporal.tracing.names import SCOPE
from interpreter.temporal.tracing.redacting import RedactingProcessor


class TracePlugin(SimplePlugin):
    """Traces runs: clients, runs, steps, attempts and compensations, as one trace.

        client = await connect(plugins=[TracePlugin()])

    Its spans are made by a tracer provider of its own. A process that has none of OpenTelemetry's yet gets this one,
    so that activities find it by `opentelemetry.trace.get_tracer`. In either case what activities trace themselves is
    a part of the same trace.
    """

    def __init__(self, *processors: SpanProcessor) -> None:
        """
        Args:
            processors: Get the spans, redacted. Without any, the environment variables of OpenTelemetry say where
                they are sent: `OTEL_TRACES_EXPORTER`, `OTEL_EXPORTER_OTLP_ENDPOINT` and so on.

        Raises:
            TracesProblem: the variables name an exporter that is not installed, or can't be made.
        """
        ids = GivenIds()
        self._provider = TracerProvider(resource=_describe_process(), id_generator=ids)
        for processor in processors or build_processors():
            self._provider.add_span_processor(RedactingProcessor(processor))
        if isinstance(get_tracer_provider(), ProxyTracerProvider):
            set_tracer_provider(self._provider)
        tracer = self._provider.get_tracer(SCOPE)
        # temporalio says `Callable` without the types of parameters and result.
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            "stepfile-traces", interceptors=[TraceInterceptor(tracer, ids, self._provider.sampler)]
        )

    def flush(self) -> None:
        """Send all spans that have ended. This waits until they are sent, or the exporter has given up."""
        self._provider.force_flush()


def _describe_process() -> Resource:
    resource = Resource.create()
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        return resource.merge(Resource({SERVICE_NAME: SCOPE}))
    return resource
