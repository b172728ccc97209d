"""A worker that runs definitions and the user's activities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker as Worker  # exported: the command line names it, too

from interpreter.temporal.plugin import StepfilePlugin
from interpreter.temporal.wire.names import DEFAULT_TASK_QUEUE
from interpreter.temporal.worker.activities import Activity
from interpreter.temporal.worker.http.settings import HttpSettings

DEFAULT_GRACE = timedelta(seconds=30)


def create_worker(
    client: Client,
    activities: Sequence[Activity],
    *,
    workflows: Sequence[type] = (),
    task_queue: str = DEFAULT_TASK_QUEUE,
    graceful_shutdown: timedelta = DEFAULT_GRACE,
    http: HttpSettings | None = None,
    max_cached_workflows: int = 1000,
) -> Worker:
    """Make a worker; run it with `async with` or `await worker.run()`.

    For a worker with options that are not here, give temporalio's own `Worker` a `StepfilePlugin`.

    Args:
        client: A connection, as from `connect`.
        activities: Functions decorated with `@activity.defn`, plain or async.
        workflows: Workflows of your own, which `child_workflow: {type: ...}` can run.
        task_queue: Where it takes work from.
        graceful_shutdown: How long running activities may go on after the worker was asked to stop.
        http: What its `http` steps may ask; without it, every public host.
        max_cached_workflows: How many runs it keeps in memory; the others it replays when they go on.

    Raises:
        ValueError: one of the workflows is dynamic; Temporal allows only one, and Stepfile has it.
        ActivitiesProblem: the project has a package with the name of one of Stepfile's.
    """
    return Worker(
        client,
        task_queue=task_queue,
        workflows=list(workflows),
        activities=list(activities),
        plugins=[StepfilePlugin(http=http)],
        graceful_shutdown_timeout=graceful_shutdown,
        max_cached_workflows=max_cached_workflows,
    )
