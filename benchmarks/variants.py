"""The three ways to write and run the same saga, and the two ways it can go."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.worker import UnsandboxedWorkflowRunner, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from benchmarks.by_hand import BookingRequest, TripBookingSaga
from definitions import activities as demo
from interpreter.temporal.plugin import THREADS
from stepfile import Submission, create_worker, load_activities, prepare, read_file, start

DEFINITION = Path(demo.__file__).parents[1] / "trip-booking.yaml"


class Variant(Enum):
    """How the saga is written and run; the value is also its task queue."""

    YAML = "yaml"
    SANDBOXED = "by-hand-sandboxed"
    UNSANDBOXED = "by-hand-unsandboxed"


class Way(Enum):
    """How a run goes; the value is the flight it asks for.

    The flight that cannot be booked is declined for good, so that nothing waits for another attempt: a run
    that fails is three calls, then two to undo.
    """

    SUCCESS = "f1"
    FAILURE = "declined"


def worker_of(variant: Variant, client: Client) -> Worker:
    """A worker that knows this variant only; the activities are the same."""
    activities = load_activities([demo.__name__])
    if variant is Variant.YAML:
        return create_worker(client, activities, task_queue=variant.value)
    sandboxed = variant is Variant.SANDBOXED
    return Worker(
        client,
        task_queue=variant.value,
        workflows=[TripBookingSaga],
        activities=activities,
        activity_executor=ThreadPoolExecutor(THREADS),
        workflow_runner=SandboxedWorkflowRunner() if sandboxed else UnsandboxedWorkflowRunner(),
    )


async def start_run(variant: Variant, way: Way, client: Client) -> WorkflowHandle[Any, Any]:
    """Start one run for the variant's worker; its result is plain data, with a `success`."""
    if variant is Variant.YAML:
        return await start(client, _submission(way), task_queue=variant.value)
    return await client.start_workflow(
        TripBookingSaga.__name__,
        BookingRequest("u1", "c1", "h1", way.value),
        id=f"trip-booking-{uuid.uuid4().hex[:12]}",
        task_queue=variant.value,
        result_type=dict,
    )


@cache
def _submission(way: Way) -> Submission:
    return prepare(read_file(DEFINITION), {"car_id": "c1", "hotel_id": "h1", "flight_id": way.value})
