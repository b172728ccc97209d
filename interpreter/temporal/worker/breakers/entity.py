"""Say something to the entity of a circuit breaker. It is started when it does not run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from temporalio.api.common.v1 import Payloads, WorkflowExecution
from temporalio.api.enums.v1 import UpdateWorkflowExecutionLifecycleStage as Stage
from temporalio.api.update.v1 import Input, Meta, Request, WaitPolicy
from temporalio.api.workflowservice.v1 import UpdateWorkflowExecutionRequest, UpdateWorkflowExecutionResponse
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from interpreter.shared_breaker.messages import Answer, Ask, Tell, Wait
from interpreter.shared_breaker.view import BreakerView
from interpreter.temporal.wire.breaker_names import (
    ASK_UPDATE,
    BREAKER_TASK_QUEUE,
    BREAKER_TYPE,
    REJECTION,
    TELL_UPDATE,
    WAIT_SIGNAL,
    build_entity_id,
    build_entity_input,
)
from interpreter.temporal.worker.breakers.entity_history import EntityHistory, News

PATIENCE = timedelta(seconds=2)
"""Nobody waits longer for an entity: then calls are let through."""

REPEATED_AFTER = 0.1
"""Seconds after which an update is sent again, if the server is not there for a moment."""

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
    """The server takes no more updates of the entity at this moment."""


@dataclass(frozen=True, slots=True)
class EntityClient:
    """Speaks with the entity of one name.

    Every method raises an error of temporalio's, or `TimeoutError`, if the entity can't be reached. `tell` and `ask`
    raise `EntityBusy` if the server does not pass the message on.
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

    async def tell(self, message: Tell) -> News:
        """Send a report."""
        return _read_news(await self._update(TELL_UPDATE, message.to_json()))

    async def ask(self, message: Ask) -> tuple[Answer, News]:
        """Ask for leave to make a call."""
        try:
            answer = await self._update(ASK_UPDATE, message.to_json())
        except WorkflowUpdateFailedError as failed:
            cause = failed.cause
            if not isinstance(cause, ApplicationError) or cause.type != REJECTION:
                raise
            (details,) = cause.details
            after = timedelta(seconds=details["retry_after"])
            return Answer(None, retry_after=after), _read_news(details)
        return Answer.from_json(answer["answer"]), _read_news(answer)

    async def let_wait(self, message: Wait) -> None:
        """Tell which steps wait. Nobody waits for an answer."""
        handle = self.client.get_workflow_handle(self.workflow_id)
        await handle.signal(WAIT_SIGNAL, message.to_json(), rpc_timeout=PATIENCE)

    async def _update(self, name: str, message: dict[str, Any]) -> Any:
        """Send an update, and start the entity first if it does not run."""
        try:
            return await self._send_update(name, message)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        await self.start()
        return await self._send_update(name, message)

    async def _send_update(self, name: str, message: dict[str, Any]) -> Any:
        """Send an update without the SDK's retries: those wait for more than a second when a server is busy.

        A server takes ten updates of one workflow at a time, unless it is told otherwise.
        """
        converter = self.history.converter
        args = Payloads(payloads=await converter.encode([message]))
        request = UpdateWorkflowExecutionRequest(
            namespace=self.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=self.workflow_id),
            request=Request(
                meta=Meta(update_id=uuid4().hex, identity=self.client.identity),
                input=Input(name=name, args=args),
            ),
            wait_policy=WaitPolicy(lifecycle_stage=Stage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED),
        )
        async with asyncio.timeout(PATIENCE.total_seconds()):
            outcome = (await self._repeat(request)).outcome
        if outcome.HasField("failure"):
            raise WorkflowUpdateFailedError(await converter.decode_failure(outcome.failure))
        if not outcome.HasField("success"):
            raise TimeoutError
        (answer,) = await converter.decode(outcome.success.payloads)
        return answer

    async def _repeat(self, request: UpdateWorkflowExecutionRequest) -> UpdateWorkflowExecutionResponse:
        service = self.client.workflow_service
        while True:
            try:
                return await service.update_workflow_execution(request, timeout=PATIENCE)
            except RPCError as error:
                if error.status is RPCStatusCode.RESOURCE_EXHAUSTED:
                    raise EntityBusy(error.message) from error
                if error.status not in _PASSING:
                    raise
            await asyncio.sleep(REPEATED_AFTER)


def _read_news(answer: Mapping[str, Any]) -> News:
    return News(answer["base"], {key: BreakerView.from_json(each) for key, each in answer["views"].items()})
