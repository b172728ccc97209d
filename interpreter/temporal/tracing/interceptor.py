"""The one interceptor that traces clients and workers; each part of it has a file of its own beside this one."""

from __future__ import annotations

from opentelemetry.sdk.trace.sampling import Sampler
from opentelemetry.trace import Tracer
from temporalio import client, worker

from interpreter.temporal.tracing.attempt_spans import TracedActivity
from interpreter.temporal.tracing.calls import TracedWorkflow
from interpreter.temporal.tracing.client_spans import TracedClient
from interpreter.temporal.tracing.ids import GivenIds
from interpreter.temporal.tracing.run_spans import RunSpans
from interpreter.temporal.wire.listening import add_listener


class TraceInterceptor(client.Interceptor, worker.Interceptor):
    """Makes spans, and hands the trace on.

    temporalio puts the interceptors of a client outside of those of a worker. So an attempt is traced as its worker
    tells it to the server.
    """

    def __init__(self, tracer: Tracer, ids: GivenIds, sampler: Sampler) -> None:
        """
        Args:
            tracer: Makes the spans, with the ids that `ids` hands out.
            ids: Its ids.
            sampler: Its sampler.
        """
        self._tracer, self._ids, self._sampler = tracer, ids, sampler

    def intercept_client(self, next: client.OutboundInterceptor) -> client.OutboundInterceptor:
        return TracedClient(next, self._tracer)

    def intercept_activity(
        self, next: worker.ActivityInboundInterceptor
    ) -> worker.ActivityInboundInterceptor:
        return TracedActivity(next, self._tracer)

    def workflow_interceptor_class(
        self, input: worker.WorkflowInterceptorClassInput
    ) -> type[worker.WorkflowInboundInterceptor]:
        add_listener(input, RunSpans(self._tracer, self._ids).listen)
        return type("TracedWorkflow", (TracedWorkflow,), {"sampler": self._sampler})
