"""The headers by which the server that is asked goes on with the trace (W3C Trace Context)."""

from __future__ import annotations

import sys

TRACE_HEADERS = frozenset({"traceparent", "tracestate"})
"""What a definition that sets one of them says itself."""
CONTEXT_API = "opentelemetry.trace.propagation.tracecontext"


def build_trace_headers() -> dict[str, str]:
    """Build the headers of a request that is made now; none outside of traces.

    Baggage is not sent: it is meant for one's own services, and a definition may ask any.
    """
    api = sys.modules.get(CONTEXT_API)
    if api is None:  # nobody traces in this process, and OpenTelemetry need not be installed
        return {}
    headers: dict[str, str] = {}
    api.TraceContextTextMapPropagator().inject(headers)
    return headers
