"""Say something to the entity of a circuit breaker. It is started when it does not run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from interpreter.shared_breaker.messages import Answer, Ask, Tell
from interpreter.shared_breaker.view import BreakerView
from interpreter.shared_breaker.waiters import Waiter
from interpreter.temporal.wire.breaker_names import (
    ASK_UPDATE,
    BASE_KEY,
    BREAKER_TASK_QUEUE,
    BREAKER_TYPE,
    REJECTION,
    TELL_UPDATE,
    VIEW_PREFIX,
    WAIT_SIGNAL,
    build_entity_id,
    build_entity_input,
)

PATIENCE = timedelta(seconds=2)
"""Nobody waits longer for an entity: then calls are let through."""

PAGE_PAUSE = 0.05
"""Seconds between two looks at the history of an entity that says much."""


@dataclass(frozen=True, slots=True)
class News:
    """What an entity has said of its breakers."""

    base: int | None = None
    """The generation of breakers that it does not know; None if it did not say."""
    views: Mapping[str, BreakerView | None] = field(default_factory=dict[str, BreakerView | None])
    """Key → what is known of the breaker; None: it was forgotten."""


class EntityEnded(Exception):
    """The entity has completed, or was terminated."""


@dataclass(frozen=True, slots=True)
class EntityClient:
    """Speaks with the entity of one name.

    Every method raises an error of temporalio's, or `TimeoutError`, if the entity can't be reached.
    """

    client: Client
    name: str

    async def start(self) -> str:
        """Make sure that the entity runs; return its run id."""
        handle = await self.client.start_workflow(
            BREAKER_TYPE,
            build_entity_input(self.name),
            id=build_entity_id(self.name),
            task_queue=BREAKER_TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            rpc_timeout=PATIENCE,
        )
        assert handle.first_execution_run_id is not None
        return handle.first_execution_run_id

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

    async def let_wait(self, waiters: Sequence[tuple[str, Waiter]]) -> None:
        """Tell which steps wait, with the key of the breaker of each. Nobody waits for an answer."""
        handle = self.client.get_workflow_handle(build_entity_id(self.name))
        message = {"waiters": [[key, *waiter.to_json()] for key, waiter in waiters]}
        await handle.signal(WAIT_SIGNAL, message, rpc_timeout=PATIENCE)

    async def watch(self, run_id: str) -> AsyncIterator[News]:
        """Tell what the entity publishes from now on, after all that it has published.

        Raises:
            EntityEnded: there will be no more.
        """
        while True:
            handle = self.client.get_workflow_handle(build_entity_id(self.name), run_id=run_id)
            events = handle.fetch_history_events(wait_new_event=True)
            next_run: str | None = None
            while next_run is None:
                await events.fetch_next_page()
                page = events.current_page or []
                news = [await self._read_event(event) for event in page]
                for each in filter(None, news):
                    yield each
                yield News()  # nothing new, but who watches may have had enough
                next_run = _find_next_run(page)
                if page:
                    await asyncio.sleep(PAGE_PAUSE)
            run_id = next_run

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
        handle = self.client.get_workflow_handle(build_entity_id(self.name))
        async with asyncio.timeout(PATIENCE.total_seconds()):
            return await handle.execute_update(name, message, rpc_timeout=PATIENCE)

    async def _read_event(self, event: HistoryEvent) -> News | None:
        match event.event_type:
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
                fields = event.workflow_execution_started_event_attributes.memo.fields
            case EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:
                fields = event.workflow_properties_modified_event_attributes.upserted_memo.fields
            case _:
                return None
        return await self._read_memo(fields)

    async def _read_memo(self, fields: Mapping[str, Payload]) -> News:
        names = list(fields)
        values = await self.client.data_converter.decode([fields[name] for name in names])
        base: int | None = None
        views: dict[str, BreakerView | None] = {}
        for name, value in zip(names, values, strict=True):
            if name == BASE_KEY:
                base = value
            elif name.startswith(VIEW_PREFIX):
                key = name.removeprefix(VIEW_PREFIX)
                views[key] = None if value is None else BreakerView.from_json(value)
        return News(base, views)


def _read_news(answer: Mapping[str, Any]) -> News:
    return News(answer["base"], {key: BreakerView.from_json(each) for key, each in answer["views"].items()})


_ENDS = frozenset(
    [
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
    ]
)


def _find_next_run(page: Sequence[HistoryEvent]) -> str | None:
    """The run in which the entity goes on; None as long as this one does.

    Raises:
        EntityEnded: it goes on in none.
    """
    for event in page:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
            attributes = event.workflow_execution_continued_as_new_event_attributes
            return attributes.new_execution_run_id
        if event.event_type in _ENDS:
            raise EntityEnded
    return None
