"""The same saga is written in several ways, is watched more or less closely, and has two outcomes."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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
    """A `Variant` is a way to write and run the saga; its value is also its task queue."""

    YAML = "yaml"
    SANDBOXED = "by-hand-sandboxed"
    UNSANDBOXED = "by-hand-unsandboxed"
    EXPORTED = "yaml-exported"
    LOGGED = "yaml-logged"
    TRACED = "yaml-traced"


WRITTEN = (Variant.YAML, Variant.SANDBOXED, Variant.UNSANDBOXED)
"""They are compared for what YAML costs."""

OBSERVED = (Variant.YAML, Variant.EXPORTED, Variant.LOGGED, Variant.TRACED)
"""They run the same definition, and are compared for what it costs to watch it."""


@dataclass(frozen=True, slots=True)
class Watching:
    """How closely a worker is watched."""

    exporter: bool = False
    """Whether it serves metrics: those of Temporal."""
    logs_and_metrics: bool = False
    """Whether it logs as JSON, and its metrics are those of Stepfile, too."""
    traces: bool = False
    """Whether it sends traces to where its environment says."""


WATCHING = {
    Variant.EXPORTED: Watching(exporter=True),
    Variant.LOGGED: Watching(exporter=True, logs_and_metrics=True),
    Variant.TRACED: Watching(traces=True),
}
"""The other variants are not watched."""


class Outcome(Enum):
    """An `Outcome` is how a run ends; its value is the flight that the run books.

    The flight that cannot be booked is declined for good, so that nothing waits for another attempt. So a run that
    fails makes three calls, and then two to undo.
    """

    SUCCESS = "f1"
    FAILURE = "declined"


def make_worker(variant: Variant, client: Client) -> Worker:
    """Make a worker for one variant; all variants have the same activities."""
    activities = load_activities([demo.__name__])
    if variant in OBSERVED:
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


async def start_run(variant: Variant, outcome: Outcome, client: Client) -> WorkflowHandle[Any, Any]:
    """Start one run for the worker of a variant; its result is plain data that has `success`."""
    if variant in OBSERVED:
        return await start(client, _prepare(outcome), task_queue=variant.value)
    return await client.start_workflow(
        TripBookingSaga.__name__,
        BookingRequest("u1", "c1", "h1", outcome.value),
        id=f"trip-booking-{uuid.uuid4().hex[:12]}",
        task_queue=variant.value,
        result_type=dict,
    )


@cache
def _prepare(outcome: Outcome) -> Submission:
    return prepare(read_file(DEFINITION), {"car_id": "c1", "hotel_id": "h1", "flight_id": outcome.value})
