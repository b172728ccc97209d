"""What a run starts and sends belongs to the step that does it: the header of the call says so.

temporalio's own interceptor writes and reads the header. Here only the context is set that it writes.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from opentelemetry.context import attach, detach
from opentelemetry.sdk.trace.sampling import Sampler
from temporalio import client, workflow
from temporalio.worker import (
    Interceptor,
    SignalExternalWorkflowInput,
    StartActivityInput,
    StartChildWorkflowInput,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from interpreter.state.position import current_position
from interpreter.temporal.tracing.run_context import RunContext


class StepContext(Interceptor, client.Interceptor):
    """Lets what a definition calls be traced as a part of its step."""

    def __init__(self, sampler: Sampler) -> None:
        """
        Args:
            sampler: Decides whether the trace of a run that nobody has traced before is recorded.
        """
        self._sampler = sampler

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor]:
        sampler = self._sampler

        class Inbound(WorkflowInboundInterceptor):
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(_Calls(outbound, sampler))

        return Inbound


class _Calls(WorkflowOutboundInterceptor):
    def __init__(self, next: WorkflowOutboundInterceptor, sampler: Sampler) -> None:
        super().__init__(next)
        self._sampler = sampler

    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:
        with self._enter_step():
            return super().start_activity(input)

    def start_local_activity(self, input: StartLocalActivityInput) -> workflow.ActivityHandle[Any]:
        with self._enter_step():
            return super().start_local_activity(input)

    async def start_child_workflow(
        self, input: StartChildWorkflowInput
    ) -> workflow.ChildWorkflowHandle[Any, Any]:
        with self._enter_step():
            return await super().start_child_workflow(input)

    async def signal_external_workflow(self, input: SignalExternalWorkflowInput) -> None:
        with self._enter_step():
            await super().signal_external_workflow(input)

    @contextmanager
    def _enter_step(self) -> Generator[None]:
        position = current_position()
        if position is None:  # a workflow of the user's own
            yield
            return
        token = attach(RunContext.find(self._sampler, position).enter(position))
        try:
            yield
        finally:
            detach(token)
