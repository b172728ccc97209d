"""The entity of the circuit breakers of one name: all workers tell it, and ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

from interpreter.shared_breaker.group import BreakerGroup
from interpreter.shared_breaker.messages import Tell, Wait
from interpreter.shared_breaker.orders import Order
from interpreter.shared_breaker.view import BreakerView
from interpreter.shared_breaker.waiters import Waiter
from interpreter.temporal.entities.breaker_details import describe_breakers, show_group
from interpreter.temporal.wire.breaker_names import (
    BASE_KEY,
    BREAKER_TYPE,
    ORDER_UPDATE,
    REFUSED,
    SHOW_QUERY,
    TELL_SIGNAL,
    VIEW_PREFIX,
    WAIT_SIGNAL,
    WAKE_SIGNAL,
    build_entity_input,
)
from interpreter.temporal.wire.formats import WorkflowTaskRefused, check_format

T = TypeVar("T")

IDLE = timedelta(hours=1)
"""An entity ends when it was told nothing for so long, if nothing of what it knows still matters. Part of replay, as
is the next: never change them."""

MOST_EVENTS = 2_000
"""It continues as new after so many events: a worker that begins to watch reads all of them."""


@workflow.defn(name=BREAKER_TYPE, sandboxed=False)
class BreakerEntity:
    """Keeps the breakers of one name."""

    @workflow.init
    def __init__(self, request: dict[str, Any]) -> None:
        """Takes the name, and where another run of the entity has stopped."""
        self._name: str = request["name"]
        self._problem: WorkflowTaskRefused | None = None
        self._published: dict[str, BreakerView] = {}
        self._published_base: int | None = None
        self._touched_at = workflow.now()
        self._group = BreakerGroup.begin(int(workflow.now().timestamp() * 1000))
        try:
            check_format({"first_reader": None, **request}, f'circuit breaker "{self._name}"')
            if request["state"] is not None:
                self._group = BreakerGroup.restore_state(request["state"])
        except WorkflowTaskRefused as problem:
            self._problem = problem

    @workflow.run
    async def run(self, request: dict[str, Any]) -> None:
        """Waits for what workers tell, and wakes the steps that wait."""
        if self._problem is not None:
            raise self._problem
        self._publish()
        while not self._must_continue_as_new():
            now = workflow.now()
            await self._wake(now)
            if self._is_over(now):
                return
            await self._wait_until(self._next_due(workflow.now()))
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(build_entity_input(self._name, self._group.export_state()))

    @workflow.signal(name=TELL_SIGNAL)
    def tell(self, message: dict[str, Any]) -> None:
        """Takes the message of a worker. The answer is what is published then."""
        with suppress(ApplicationError):  # of another release
            told = _read(Tell.from_json, message)
            self._touch(lambda now: self._group.tell(told, now))

    @workflow.signal(name=WAIT_SIGNAL)
    def let_wait(self, message: dict[str, Any]) -> None:
        """Takes steps that were rejected, and want to be woken."""
        with suppress(ApplicationError):  # of another release: its steps ask again by themselves
            waits = _read(Wait.from_json, message)
            self._touch(lambda now: self._group.let_wait(waits, now))

    @workflow.update(name=ORDER_UPDATE)
    def order(self, message: dict[str, Any]) -> dict[str, Any]:
        """Does what somebody has ordered; answers with what `show` shows."""
        order = _read(lambda data: Order.from_json(data, workflow.now()), message)
        key: str = message["key"]
        self._touch(lambda now: self._group.obey(key, order, now))
        return self.show()

    @workflow.query(name=SHOW_QUERY)
    def show(self) -> dict[str, Any]:
        """All that is known, for people."""
        return show_group(self._name, self._group, workflow.now())

    def _touch(self, change: Callable[[datetime], T]) -> T:
        self._touched_at = now = workflow.now()
        try:
            return change(now)
        finally:
            self._publish()

    def _publish(self) -> None:
        """Write what has changed into the memo, where workers watch it, and where it is read without a worker."""
        views = self._group.look(workflow.now())
        changes: dict[str, Any] = {
            VIEW_PREFIX + key: view.to_json()
            for key, view in views.items()
            if self._published.get(key) != view
        }
        changes |= {VIEW_PREFIX + key: None for key in self._published if key not in views}
        if self._published_base != self._group.base:
            changes[BASE_KEY] = self._published_base = self._group.base
        if changes:
            self._published = views
            workflow.upsert_memo(changes)
            workflow.set_current_details(describe_breakers(self.show()))

    async def _wake(self, now: datetime) -> None:
        woken = self._group.wake(now)
        self._publish()
        known = {key: self._group.breakers[key].breaker.generation for key, _ in woken}
        await asyncio.gather(*(_wake_one(waiter, known[key]) for key, waiter in woken))

    def _next_due(self, now: datetime) -> datetime:
        idle = self._touched_at + IDLE
        idle = idle if idle > now else now + IDLE  # something of it still matters
        due = self._group.next_due(now)
        return idle if due is None else min(idle, due)

    async def _wait_until(self, due: datetime) -> None:
        """Wait until a time, or until something is due earlier, or there are too many events."""

        def is_due() -> bool:
            earlier = self._group.next_due(workflow.now())
            return (earlier is not None and earlier < due) or self._must_continue_as_new()

        left = max(due - workflow.now(), timedelta(milliseconds=1))
        try:
            await workflow.wait_condition(is_due, timeout=left, timeout_summary="the next wake-up")
        except TimeoutError:
            return

    def _is_over(self, now: datetime) -> bool:
        return (
            now >= self._touched_at + IDLE and self._group.can_end(now) and workflow.all_handlers_finished()
        )

    def _must_continue_as_new(self) -> bool:
        info = workflow.info()
        return info.is_continue_as_new_suggested() or info.get_current_history_length() >= MOST_EVENTS


async def _wake_one(waiter: Waiter, generation: int) -> None:
    run = workflow.get_external_workflow_handle(waiter.workflow_id)
    try:
        await run.signal(WAKE_SIGNAL, {"step": waiter.step, "generation": generation})
    except FailureError:
        return  # the run is over


def _read(read: Callable[[Mapping[str, Any]], T], message: Mapping[str, Any]) -> T:
    """
    Raises:
        ApplicationError: a worker of another release has sent what this one can't read. That must not end the entity.
    """
    try:
        return read(message)
    except Exception as error:
        raise ApplicationError(f"{type(error).__name__}: {error}", type=REFUSED, non_retryable=True) from None
