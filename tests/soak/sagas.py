"""The runs: started, some of them cancelled, and followed to their end through every outage."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle, WorkflowHistory
from temporalio.exceptions import ApplicationError, CancelledError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from stepfile import Submission, prepare, read_file, start
from tests.soak.cluster import TASK_QUEUE

T = TypeVar("T")

_document = cache(read_file)
DEFINITIONS = tuple(sorted((Path(__file__).parent / "definitions").glob("*.yaml")))
CANCELLED = 0.2
"""The part of the runs that somebody tries to cancel."""
NEVER_CANCELLED = ("pivot",)
"""Cancelled, it could not say what it has kept."""
AGAIN = 0.3
"""Seconds between two calls of a server that may be down."""


@dataclass(frozen=True, slots=True)
class Saga:
    """One run, before it is started."""

    run: str
    """Its workflow id."""
    definition: Path
    amount: int
    cancel_after: float | None
    """Seconds."""

    def submission(self) -> Submission:
        return prepare(_document(self.definition), {"amount": self.amount})


@dataclass(frozen=True, slots=True)
class Ended:
    """One run, after it has ended."""

    saga: Saga
    status: str
    """`COMPLETED`, `FAILED`, `CANCELED`; anything else should not be."""
    error: str | None
    """Type of the error that it failed with."""
    message: str
    kept: bool
    """It says that what it has done shall last,"""
    seconds: float
    given_up: frozenset[str] = frozenset()
    """except for these steps: each was undone, or never done."""
    history: WorkflowHistory | None = None


def sagas(runs: int, seed: int) -> list[Saga]:
    """As many as wanted, of all definitions by turns."""
    return [_saga(number, seed) for number in range(runs)]


def _saga(number: int, seed: int) -> Saga:
    random = Random(f"saga {seed} {number}")
    definition = DEFINITIONS[number % len(DEFINITIONS)]
    cancelled = random.random() < CANCELLED and definition.stem not in NEVER_CANCELLED
    cancel_after = random.uniform(0.0, 12.0) if cancelled else None
    return Saga(f"soak-{seed}-{number}-{definition.stem}", definition, random.randint(1, 1000), cancel_after)


async def see_through(client: Client, saga: Saga) -> Ended:
    """Start a run, cancel it if that is planned, and wait for its end."""
    began = time.monotonic()
    handle = await _started(client, saga)
    cancelling = asyncio.create_task(_cancel(handle, saga.cancel_after))
    try:
        return await _end_of(handle, saga, began)
    finally:
        cancelling.cancel()


async def history_of(client: Client, run: str) -> WorkflowHistory:
    """All events."""
    return await _insist(client.get_workflow_handle(run).fetch_history)


async def where(client: Client, saga: Saga) -> str:
    """Where a run is that does not end."""
    handle = client.get_workflow_handle(saga.run)
    told = (await _insist(handle.describe)).raw_description
    pending = [
        f"{each.activity_id} attempt {each.attempt} {each.last_failure.message}"
        for each in told.pending_activities
    ]
    task = f"workflow task attempt {told.pending_workflow_task.attempt}"
    events = [EventType.Name(event.event_type) for event in (await history_of(client, saga.run)).events]
    return f"{saga.run}: {task}; pending {pending}; last events {events[-6:]}"


async def _started(client: Client, saga: Saga) -> WorkflowHandle[Any, Any]:
    """Start a run exactly once: the server may have died between starting it and saying so."""
    handle = client.get_workflow_handle(saga.run)
    while True:
        try:
            return await start(client, saga.submission(), workflow_id=saga.run, task_queue=TASK_QUEUE)
        except WorkflowAlreadyStartedError:
            return handle
        except RPCError:
            await asyncio.sleep(AGAIN)
        try:
            await _insist(handle.describe)
        except RPCError:  # not found
            continue
        return handle


async def _cancel(handle: WorkflowHandle[Any, Any], after: float | None) -> None:
    if after is not None:
        await asyncio.sleep(after)
        try:
            await _insist(handle.cancel)
        except RPCError:  # not found: it has ended
            return


async def _end_of(handle: WorkflowHandle[Any, Any], saga: Saga, began: float) -> Ended:
    while True:
        try:
            result = await handle.result()
        except WorkflowFailureError as failure:
            seconds = time.monotonic() - began
            match failure.cause:
                case ApplicationError() as error:
                    return Ended(saga, "FAILED", error.type, error.message, False, seconds)
                case CancelledError():
                    return Ended(saga, "CANCELED", None, "", False, seconds)
                case other:
                    return Ended(saga, type(other).__name__, None, str(other), False, seconds)
        except RPCError:
            await asyncio.sleep(AGAIN)
            continue
        told = result if isinstance(result, dict) else {}
        kept, given_up = told.get("success") is not False, frozenset(told.get("given_up", ()))
        return Ended(saga, "COMPLETED", None, "", kept, time.monotonic() - began, given_up)


async def _insist(call: Callable[[], Awaitable[T]]) -> T:
    """
    Raises:
        RPCError: there is no such run, or it has ended.
    """
    while True:
        try:
            return await call()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND and "amespace" not in error.message:
                raise
            await asyncio.sleep(AGAIN)
