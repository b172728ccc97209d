"""Each run is started, perhaps cancelled, and followed to its end through every outage."""

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
"""The share of the runs that are cancelled, unless they have ended before."""
NEVER_CANCELLED = ("pivot",)
"""A cancelled run of this definition could not say what it has kept."""
RETRY_INTERVAL = 0.3
"""How many seconds lie between two calls of a server that may be down."""


@dataclass(frozen=True, slots=True)
class Saga:
    """A `Saga` is a run that has not been started."""

    run: str
    """The workflow id."""
    definition: Path
    amount: int
    cancel_after: float | None
    """After how many seconds it is cancelled, or None if it is not."""

    def prepare(self) -> Submission:
        """Check the definition and the input."""
        return prepare(_document(self.definition), {"amount": self.amount})


@dataclass(frozen=True, slots=True)
class EndedSaga:
    """An `EndedSaga` is a run that has ended."""

    saga: Saga
    status: str
    """One of `COMPLETED`, `FAILED` and `CANCELED`; anything else is wrong."""
    error: str | None
    """The type of the error that it has failed with."""
    message: str
    kept: bool
    """Whether the run says that what it has done lasts."""
    seconds: float
    """How long the run took."""
    given_up: frozenset[str] = frozenset()
    """The steps whose effects do not last even if `kept`: each was undone, or never done."""
    history: WorkflowHistory | None = None


def plan_sagas(runs: int, seed: int) -> list[Saga]:
    """Plan so many runs, of all definitions in turn."""
    return [_plan_saga(number, seed) for number in range(runs)]


def _plan_saga(number: int, seed: int) -> Saga:
    random = Random(f"saga {seed} {number}")
    definition = DEFINITIONS[number % len(DEFINITIONS)]
    cancelled = random.random() < CANCELLED and definition.stem not in NEVER_CANCELLED
    cancel_after = random.uniform(0.0, 12.0) if cancelled else None
    return Saga(f"soak-{seed}-{number}-{definition.stem}", definition, random.randint(1, 1000), cancel_after)


async def run_to_end(client: Client, saga: Saga) -> EndedSaga:
    """Start a run, cancel it if that is planned, and wait for its end."""
    began = time.monotonic()
    handle = await start_once(client, saga)
    cancelling = asyncio.create_task(_cancel(handle, saga.cancel_after))
    try:
        return await wait_for_end(handle, saga, began)
    finally:
        cancelling.cancel()


async def fetch_history(client: Client, run: str) -> WorkflowHistory:
    """Fetch the history of a run."""
    return await retry_call(client.get_workflow_handle(run).fetch_history)


async def describe_stuck(client: Client, saga: Saga) -> str:
    """Describe where a run is that does not end."""
    handle = client.get_workflow_handle(saga.run)
    description = (await retry_call(handle.describe)).raw_description
    pending = [
        f"{each.activity_id} attempt {each.attempt} {each.last_failure.message}"
        for each in description.pending_activities
    ]
    task = f"workflow task attempt {description.pending_workflow_task.attempt}"
    history = await fetch_history(client, saga.run)
    events = [EventType.Name(event.event_type) for event in history.events]
    return f"{saga.run}: {task}; pending {pending}; last events {events[-6:]}"


async def start_once(client: Client, saga: Saga) -> WorkflowHandle[Any, Any]:
    """Start a run exactly once, although the server may have been killed between starting it and answering."""
    handle = client.get_workflow_handle(saga.run)
    while True:
        try:
            return await start(client, saga.prepare(), workflow_id=saga.run, task_queue=TASK_QUEUE)
        except WorkflowAlreadyStartedError:
            return handle
        except RPCError:
            await asyncio.sleep(RETRY_INTERVAL)
        try:
            await retry_call(handle.describe)
        except RPCError:  # the run was not found
            continue
        return handle


async def _cancel(handle: WorkflowHandle[Any, Any], after: float | None) -> None:
    if after is not None:
        await asyncio.sleep(after)
        try:
            await retry_call(handle.cancel)
        except RPCError:  # the run was not found, so it has ended
            return


async def wait_for_end(handle: WorkflowHandle[Any, Any], saga: Saga, began: float) -> EndedSaga:
    while True:
        try:
            result = await handle.result()
        except WorkflowFailureError as failure:
            seconds = time.monotonic() - began
            match failure.cause:
                case ApplicationError() as error:
                    return EndedSaga(saga, "FAILED", error.type, error.message, False, seconds)
                case CancelledError():
                    return EndedSaga(saga, "CANCELED", None, "", False, seconds)
                case other:
                    return EndedSaga(saga, type(other).__name__, None, str(other), False, seconds)
        except RPCError:
            await asyncio.sleep(RETRY_INTERVAL)
            continue
        output = result if isinstance(result, dict) else {}
        kept, given_up = output.get("success") is not False, frozenset(output.get("given_up", ()))
        return EndedSaga(saga, "COMPLETED", None, "", kept, time.monotonic() - began, given_up)


async def retry_call(call: Callable[[], Awaitable[T]]) -> T:
    """Call the server again and again until it answers.

    Raises:
        RPCError: there is no such run, or it has ended.
    """
    while True:
        try:
            return await call()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND and "amespace" not in error.message:
                raise
            await asyncio.sleep(RETRY_INTERVAL)
