"""Read in the history of an entity what it says of its breakers, and what it was told of steps that wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.converter import DataConverter, WorkflowSerializationContext

from interpreter.shared_breaker.messages import Tell, Wait
from interpreter.shared_breaker.view import BreakerView
from interpreter.shared_breaker.waiters import Waiter, Waiters
from interpreter.temporal.wire.breaker_names import BASE_KEY, TELL_SIGNAL, VIEW_PREFIX, WAIT_SIGNAL

FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.05, 0.5, 1.5
"""Seconds between two looks at the history: at first, and at most. An entity that says much for a long time is looked
at less often, so that many workers can watch it."""

QUIET = 1.0
"""Seconds after which an entity that has said nothing counts as one that says little."""


@dataclass(slots=True)
class News:
    """What a page of the history of an entity tells, in its order."""

    base: int | None = None
    """The generation of breakers that it does not know; None if it did not say."""
    views: list[tuple[str, BreakerView | None]] = field(default_factory=list[tuple[str, BreakerView | None]])
    """The key, and what is known of the breaker; None: it was forgotten."""
    waits: list[tuple[Waiter, str | None]] = field(default_factory=list[tuple[Waiter, str | None]])
    """A step, and the key of the breaker at which it waits; None: it waits no more."""
    taken: list[str] = field(default_factory=list[str])
    """The senders of messages that it has taken, see `build_sender`."""
    has_worked: bool = False


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
        reader, pause, clock = _Reader(self.converter), FIRST_PAUSE, asyncio.get_running_loop().time
        while True:
            handle = self.client.get_workflow_handle(self.workflow_id, run_id=run_id)
            events = handle.fetch_history_events(wait_new_event=True)
            next_run: str | None = None
            while next_run is None:
                asked = clock()
                await events.fetch_next_page()
                page = events.current_page or []
                yield await reader.read(page)
                next_run = _find_next_run(page)
                pause = FIRST_PAUSE if clock() - asked > QUIET else min(pause * GROWTH, LONGEST_PAUSE)
                await asyncio.sleep(pause)
            run_id = next_run


@dataclass(slots=True)
class _Reader:
    converter: DataConverter
    arrived: list[str] = field(default_factory=list[str])
    """The senders of messages that the entity has not taken yet: its next workflow task takes them."""

    async def read(self, page: Sequence[HistoryEvent]) -> News:
        news = News()
        for event in page:
            await self._read_event(event, news)
        return news

    async def _read_event(self, event: HistoryEvent, news: News) -> None:
        match event.event_type:
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
                started = event.workflow_execution_started_event_attributes
                (request,) = await self.converter.decode(started.input.payloads)
                news.waits.extend(_read_carried_waits(request["state"]))
            case EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:
                fields = event.workflow_properties_modified_event_attributes.upserted_memo.fields
                await self._read_memo(fields, news)
            case EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                news.has_worked = True
                news.taken.extend(self.arrived)
                self.arrived.clear()
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                signaled = event.workflow_execution_signaled_event_attributes
                if signaled.signal_name == TELL_SIGNAL:
                    self.arrived.append(signaled.identity)
                if signaled.signal_name == WAIT_SIGNAL:
                    (message,) = await self.converter.decode(signaled.input.payloads)
                    news.waits.extend((waiter, key) for key, waiter in Wait.from_json(message).waiters)
            case EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
                woken = event.signal_external_workflow_execution_initiated_event_attributes
                (message,) = await self.converter.decode(woken.input.payloads)
                news.waits.append((Waiter(woken.workflow_execution.workflow_id, message["step"]), None))
            case _:
                pass

    async def _read_memo(self, fields: Mapping[str, Payload], news: News) -> None:
        names = list(fields)
        values = await self.converter.decode([fields[name] for name in names])
        for name, value in zip(names, values, strict=True):
            if name == BASE_KEY:
                news.base = value
            elif name.startswith(VIEW_PREFIX):
                view = None if value is None else BreakerView.from_json(value)
                news.views.append((name.removeprefix(VIEW_PREFIX), view))


def _read_carried_waits(state: Mapping[str, Any] | None) -> list[tuple[Waiter, str]]:
    """The steps that have waited when the entity has continued as new."""
    carried: list[Any] = state["waiters"] if state is not None else []
    return [(waiter, key) for key, each in carried for waiter in Waiters.restore_state(each)]


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


def build_sender(client: Client, message: Tell) -> str:
    """The identity with which a message is sent. By it the worker knows its own messages, without a look into those
    of all the others."""
    return f"{client.identity} {message.worker} {message.number}"
