"""Say something to the entity of a circuit breaker. It is started when it does not run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from temporalio.api.common.v1 import Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from interpreter.shared_breaker.messages import Tell, Wait
from interpreter.temporal.wire.breaker_names import (
    BREAKER_TASK_QUEUE,
    BREAKER_TYPE,
    TELL_SIGNAL,
    WAIT_SIGNAL,
    build_entity_id,
    build_entity_input,
)
from interpreter.temporal.worker.breakers.entity_history import EntityHistory, build_sender

PATIENCE = timedelta(seconds=2)
"""Nobody waits longer for an entity: then calls are let through."""

REPEATED_AFTER = 0.1
"""Seconds after which a message is sent again, if the server is not there for a moment."""

_PASSING = frozenset(
    [RPCStatusCode.UNAVAILABLE, RPCStatusCode.ABORTED, RPCStatusCode.INTERNAL, RPCStatusCode.UNKNOWN]
)
"""What the SDK's own retries repeat at once, too."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run of an entity."""

    run_id: str
    is_running: bool
    has_completed: bool
    """Whether it has ended by itself, as one does of which nothing matters any more."""


class EntityBusy(Exception):
    """The server takes no message for the entity at this moment."""


@dataclass(frozen=True, slots=True)
class EntityClient:
    """Speaks with the entity of one name.

    Every method raises an error of temporalio's, or `TimeoutError`, if the server can't be reached.
    """

    client: Client
    name: str

    @property
    def workflow_id(self) -> str:
        """Its workflow id."""
        return build_entity_id(self.name)

    @property
    def history(self) -> EntityHistory:
        """What can be read of it."""
        return EntityHistory(self.client, self.workflow_id)

    async def find(self) -> LastRun | None:
        """Find its last run; None if there is none."""
        handle = self.client.get_workflow_handle(self.workflow_id)
        try:
            described = await handle.describe(rpc_timeout=PATIENCE)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        status = described.status
        return LastRun(
            described.run_id,
            status is WorkflowExecutionStatus.RUNNING,
            status is WorkflowExecutionStatus.COMPLETED,
        )

    async def start(self) -> str:
        """Make sure that the entity runs; return its run id."""
        handle = await self.client.start_workflow(
            BREAKER_TYPE,
            build_entity_input(self.name),
            id=self.workflow_id,
            task_queue=BREAKER_TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            rpc_timeout=PATIENCE,
        )
        assert handle.result_run_id is not None
        return handle.result_run_id

    async def tell(self, message: Tell) -> None:
        """Send a message. `EntityHistory` tells when the entity has taken it.

        The SDK's own retries are not of use: they wait for more than a second when the server refuses a signal for a
        moment.
        """
        args = Payloads(payloads=await self.history.converter.encode([message.to_json()]))
        request = SignalWorkflowExecutionRequest(
            namespace=self.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=self.workflow_id),
            signal_name=TELL_SIGNAL,
            input=args,
            identity=build_sender(self.client, message),
            request_id=uuid4().hex,
        )
        async with asyncio.timeout(PATIENCE.total_seconds()):
            while True:
                if await self._try_to_send(request):
                    return
                await asyncio.sleep(REPEATED_AFTER)

    async def let_wait(self, message: Wait) -> None:
        """Tell which steps wait. Nobody waits for an answer."""
        handle = self.client.get_workflow_handle(self.workflow_id)
        await handle.signal(WAIT_SIGNAL, message.to_json(), rpc_timeout=PATIENCE)

    async def _try_to_send(self, request: SignalWorkflowExecutionRequest) -> bool:
        """Send a signal; False if it should be tried again. The entity is started if it does not run."""
        try:
            await self.client.workflow_service.signal_workflow_execution(request, timeout=PATIENCE)
        except RPCError as error:
            if error.status is RPCStatusCode.RESOURCE_EXHAUSTED:
                raise EntityBusy(error.message) from error
            if error.status is RPCStatusCode.NOT_FOUND:
                await self.start()
            elif error.status not in _PASSING:
                raise
            return False
        return True
