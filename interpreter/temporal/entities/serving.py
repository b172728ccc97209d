"""Let this worker run the entities of circuit breakers, beside what else it does.

The entities of a namespace share one task queue, on which each worker works that makes calls behind a shared breaker:
so it does not matter which of them was the first to start an entity, and whether that one still runs.
"""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker

from interpreter.temporal.entities.breaker import BreakerEntity
from interpreter.temporal.wire.breaker_names import BREAKER_TASK_QUEUE

BUILD_ID = "stepfile-breakers"
"""Without one, temporalio computes a hash of all modules."""

POLLS = 2
"""Long polls for workflow tasks. temporalio's default is 5; an entity has little to do."""

TAKE_OVER = timedelta(seconds=1)
"""So long an entity waits for the worker that has it in memory before another one takes it. temporalio's default is
10 s; nobody asks an entity for so long."""


def create_entity_worker(client: Client) -> Worker:
    """Make a worker for entities; the client must have no plugins, which would add what definitions need."""
    return Worker(
        client,
        task_queue=BREAKER_TASK_QUEUE,
        workflows=[BreakerEntity],
        max_cached_workflows=100,
        sticky_queue_schedule_to_start_timeout=TAKE_OVER,
        max_concurrent_workflow_task_polls=POLLS,
        build_id=BUILD_ID,
    )
