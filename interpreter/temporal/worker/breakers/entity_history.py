"""Read in the history of an entity what it says of its breakers, and what it was told of steps that wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.converter import DataConverter, WorkflowSerializationContext

from interpreter.shared_breaker.messages import Wait
from interpreter.shared_breaker.view import BreakerView
from interpreter.shared_breaker.waiters import Waiter, Waiters
from interpreter.temporal.wire.breaker_names import ASK_UPDATE, BASE_KEY, VIEW_PREFIX, WAIT_SIGNAL

PAGE_PAUSE = 0.05
"""Seconds between two looks at the history of an entity that says much."""


@dataclass(frozen=True, slots=True)
class News:
    """What an entity has said of its breakers, or was told."""

    base: int | None = None
    """The generation of breakers that it does not know; None if it did not say."""
    views: Mapping[str, BreakerView | None] = field(default_factory=dict[str, BreakerView | None])
    """Key → what is known of the breaker; None: it was forgotten."""
    waiting: Sequence[tuple[str, Waiter]] = ()
    """Steps that wait now, with the keys of their breakers."""
    gone: Sequence[Waiter] = ()
    """Steps that wait no more."""


class EntityEnded(Exception):
    """The entity has completed, or was terminated."""


@dataclass(frozen=True, slots=True)
class EntityHistory:
    """The history of one entity."""

    client: Client
    workflow_id: str

    @property
    def converter(self) -> DataConverter:
        """For the payloads of this workflow."""
        context = WorkflowSerializationContext(namespace=self.client.namespace, workflow_id=self.workflow_id)
        return self.client.data_converter.with_context(context)

    async def watch(self, run_id: str) -> AsyncIterator[News]:
        """Tell what a run of the entity and those after it have said, and then what they say.

        Raises:
            EntityEnded: there will be no more.
        """
        while True:
            handle = self.client.get_workflow_handle(self.workflow_id, run_id=run_id)
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

    async def _read_event(self, event: HistoryEvent) -> News | None:
        match event.event_type:
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
                started = event.workflow_execution_started_event_attributes
                (request,) = await self.converter.decode(started.input.payloads)
                news = await self._read_memo(started.memo.fields)
                return replace(news, waiting=_read_carried_waiters(request["state"]))
            case EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:
                fields = event.workflow_properties_modified_event_attributes.upserted_memo.fields
                return await self._read_memo(fields)
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                signaled = event.workflow_execution_signaled_event_attributes
                if signaled.signal_name == WAIT_SIGNAL:
                    (message,) = await self.converter.decode(signaled.input.payloads)
                    return News(waiting=Wait.from_json(message).waiters)
            case EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
                woken = event.signal_external_workflow_execution_initiated_event_attributes
                (message,) = await self.converter.decode(woken.input.payloads)
                return News(gone=[Waiter(woken.workflow_execution.workflow_id, message["step"])])
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
                accepted = event.workflow_execution_update_accepted_event_attributes.accepted_request.input
                if accepted.name == ASK_UPDATE:  # one that was refused is not in the history
                    (message,) = await self.converter.decode(accepted.args.payloads)
                    return News(gone=[Waiter(*message["waiter"])] if message["waiter"] else ())
            case _:
                pass
        return None

    async def _read_memo(self, fields: Mapping[str, Payload]) -> News:
        names = list(fields)
        values = await self.converter.decode([fields[name] for name in names])
        base: int | None = None
        views: dict[str, BreakerView | None] = {}
        for name, value in zip(names, values, strict=True):
            if name == BASE_KEY:
                base = value
            elif name.startswith(VIEW_PREFIX):
                key = name.removeprefix(VIEW_PREFIX)
                views[key] = None if value is None else BreakerView.from_json(value)
        return News(base, views)


def _read_carried_waiters(state: Mapping[str, Any] | None) -> list[tuple[str, Waiter]]:
    """The steps that have waited when the entity has continued as new."""
    carried = state["waiters"] if state is not None else []
    return [(key, waiter) for key, each in carried for waiter in Waiters.restore_state(each)]


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
