"""What a run starts and sends belongs to the step that does it: the header of the call says so."""

from __future__ import annotations

from typing import Any, NoReturn

from opentelemetry.sdk.trace.sampling import Sampler
from temporalio import workflow
from temporalio.worker import (
    ContinueAsNewInput,
    ExecuteWorkflowInput,
    SignalChildWorkflowInput,
    SignalExternalWorkflowInput,
    StartActivityInput,
    StartChildWorkflowInput,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowOutboundInterceptor,
)

from interpreter.state.position import current_position
from interpreter.temporal.tracing.header import KEY, write_header
from interpreter.temporal.tracing.run_trace import RunTrace, current_trace


class TracedWorkflow(WorkflowInboundInterceptor):
    """Finds the trace of a run. What a workflow of the user's own calls is a part of what has started it."""

    sampler: Sampler
    """Decides whether a trace that begins with a run is recorded."""

    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Calls(outbound))

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:
        current_trace.set(RunTrace(self.sampler))
        return await super().execute_workflow(input)


class _Calls(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:
        _add_header(input)
        return super().start_activity(input)

    def start_local_activity(self, input: StartLocalActivityInput) -> workflow.ActivityHandle[Any]:
        _add_header(input)
        return super().start_local_activity(input)

    async def start_child_workflow(
        self, input: StartChildWorkflowInput
    ) -> workflow.ChildWorkflowHandle[Any, Any]:
        _add_header(input)
        return await super().start_child_workflow(input)

    async def signal_child_workflow(self, input: SignalChildWorkflowInput) -> None:
        _add_header(input)
        await super().signal_child_workflow(input)

    async def signal_external_workflow(self, input: SignalExternalWorkflowInput) -> None:
        _add_header(input)
        await super().signal_external_workflow(input)

    def continue_as_new(self, input: ContinueAsNewInput) -> NoReturn:
        header = workflow.info().headers.get(KEY)
        if header is not None:
            input.headers = {**input.headers, KEY: header}
        super().continue_as_new(input)


_Call = (
    StartActivityInput
    | StartLocalActivityInput
    | StartChildWorkflowInput
    | SignalChildWorkflowInput
    | SignalExternalWorkflowInput
)


def _add_header(input: _Call) -> None:
    trace = current_trace.get()
    if trace is not None:
        input.headers = write_header(input.headers, trace.enter(current_position.get()))
