"""Joins those who listen to runs to the workflows of a worker."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio.worker import Interceptor, WorkflowInboundInterceptor, WorkflowInterceptorClassInput

from interpreter.events import Event
from interpreter.temporal.wire.listening import Listener, ObservedRun, add_listener


class ObservingInterceptor(Interceptor):
    """Lets listeners hear what happens in the runs of a worker (`interpreter.events`)."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        """
        Args:
            listeners: Are told of each event, in this order.
        """
        self._listeners = tuple(listeners)

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor] | None:
        """Offer one function to the workflows; temporalio asks this once for each worker."""
        if self._listeners:
            add_listener(input, self._tell)
        return None

    def _tell(self, run: ObservedRun, event: Event) -> None:
        for listener in self._listeners:
            listener(run, event)
