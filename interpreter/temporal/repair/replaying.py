"""Replay the history of a run that has ended, here and without its worker, to see what the run has left.

The workflow that runs here is the one of the workers, on the same history, so what it has left is what the run has
left. Nothing was stored for that while the run went on, and a run that was terminated is replayed like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from temporalio import workflow
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import WorkflowHistory
from temporalio.common import HeaderCodecBehavior
from temporalio.converter import DataConverter, SerializationContext, StorageDriverStoreContext
from temporalio.worker import (
    ExecuteWorkflowInput,
    Interceptor,
    Replayer,
    UnsandboxedWorkflowRunner,
    WorkflowInboundInterceptor,
    WorkflowInstance,
    WorkflowInstanceDetails,
    WorkflowInterceptorClassInput,
)

from dsl.model import ActivityStep
from interpreter.program.compiled import compile_program
from interpreter.resume.remains import Remains, copy_state
from interpreter.snapshot import State
from interpreter.state.run import Run
from interpreter.temporal.repair.last_events import has_unseen_messages, show_last_events
from interpreter.temporal.repair.problem import RepairProblem
from interpreter.temporal.wire.request import StartRequest
from interpreter.temporal.worker.data_converter import adapt_converter, adapt_header_codec
from interpreter.temporal.workflow.workflow import StepfileWorkflow


async def replay_remains(
    converter: DataConverter, history: WorkflowHistory, request: StartRequest
) -> Remains:
    """Replay the history of a run, and take what it has left.

    Args:
        converter: The data converter with which the run's payloads can be decoded.
        history: All of it.
        request: What the run was started with.

    Raises:
        RepairProblem: it can't be replayed here, or nothing of it was run.
    """
    program = compile_program(request.bundle, request.entry)  # a workflow does not wait long for that
    if not any(isinstance(node.step, ActivityStep) and node.step.local for node in program.nodes.values()):
        history = show_last_events(history)  # a replay would wait for local activities for ever
    elif has_unseen_messages(history):
        raise RepairProblem(
            f'the run "{history.workflow_id}" was ended before a worker has seen its last messages, which can\'t be '
            "taken over where a definition has local activities",
            f"`stepfile retry {history.workflow_id}` runs it from its beginning",
        )
    observer = _Observer()
    adapted = adapt_converter(converter)
    replayer = Replayer(
        workflows=[StepfileWorkflow],
        unsandboxed_workflow_runner=_ObservedRunner(observer.take),
        interceptors=[_ObservingInterceptor(observer)],
        data_converter=adapted,
        header_codec_behavior=adapt_header_codec(adapted, HeaderCodecBehavior.NO_CODEC),
        build_id="stepfile-repair",  # temporalio takes 0.07 s to make one
    )
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    if result.replay_failure is not None:
        raise RepairProblem(
            f'the history of the run "{history.workflow_id}" can\'t be replayed here: {result.replay_failure}',
            "use the version of Stepfile of the run's workers, in the project whose data converter they have; "
            f"`stepfile retry {history.workflow_id}` needs no replay",
        )
    if observer.remains is None:
        raise RepairProblem(
            f'nothing of the run "{history.workflow_id}" was run, so there is nothing to go on from',
            f"`stepfile retry {history.workflow_id}` runs it from its beginning",
        )
    return observer.remains


@dataclass(slots=True, eq=False)
class _Observer:
    """Sees the run that is replayed."""

    run: Run | None = None
    decided: State | None = None
    remains: Remains | None = None
    problems: list[Exception] = field(default_factory=list[Exception])

    def watch(self, instance: object) -> None:
        """Watch the run of a workflow that begins."""
        run = instance.current_run if isinstance(instance, StepfileWorkflow) else None
        if run is not None:
            self.run, run.when_decided = run, self._note_decision

    def take(self) -> None:
        """Take what the run has left, before its tasks are taken apart."""
        if self.run is not None and self.remains is None:
            self.remains = Remains.take(self.run, self.decided)

    def _note_decision(self) -> None:
        assert self.run is not None
        self.decided = copy_state(self.run)


class _ObservingInterceptor(Interceptor):
    def __init__(self, observer: _Observer) -> None:
        self._observer = observer

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor] | None:
        observer = self._observer

        class Inbound(WorkflowInboundInterceptor):
            async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:
                observer.watch(workflow.instance())
                return await super().execute_workflow(input)

        return Inbound


@dataclass(frozen=True)
class _ObservedRunner(UnsandboxedWorkflowRunner):
    before_eviction: Callable[[], None]

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _ObservedInstance(super().create_instance(det), self.before_eviction)


@dataclass(frozen=True)
class _ObservedInstance(WorkflowInstance):
    """A workflow of which something is asked before temporalio cancels its tasks, to put it out of its memory."""

    inner: WorkflowInstance
    before_eviction: Callable[[], None]

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        if any(job.HasField("remove_from_cache") for job in act.jobs):
            self.before_eviction()
        return self.inner.activate(act)

    def get_serialization_context(self, command_info: Any) -> SerializationContext | None:
        return self.inner.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        return self.inner.get_external_store_context(command_info)

    def get_info(self) -> workflow.Info:
        return self.inner.get_info()

    def get_thread_id(self) -> int | None:
        return self.inner.get_thread_id()
