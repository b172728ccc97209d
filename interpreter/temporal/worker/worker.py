"""A worker that runs definitions and the user's activities."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker as Worker  # exported: the command line names it, too

from interpreter.temporal.wire.names import DEFAULT_TASK_QUEUE
from interpreter.temporal.worker.activities import Activity, get_activity_name, refuse_unknown_activity
from interpreter.temporal.worker.http.settings import HttpSettings
from interpreter.temporal.worker.interceptor import StepfileInterceptor
from interpreter.temporal.workflow.workflow import StepfileWorkflow

DEFAULT_GRACE = timedelta(seconds=30)
THREADS = 100
"""For activities that are plain functions; as many as temporalio runs at once by default."""


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

    To add definitions to a worker of your own, give it `workflows=[StepfileWorkflow]` and
    `interceptors=[StepfileInterceptor()]`.

    Args:
        client: A connection, as from `connect`.
        activities: Functions decorated with `@activity.defn`, plain or async.
        workflows: Workflows of your own, which `child_workflow: {type: ...}` can run.
        task_queue: Where it takes work from.
        graceful_shutdown: How long running activities may go on after the worker was asked to stop.
        http: What its `http` steps may ask; without it, every public host.
        max_cached_workflows: How many runs it keeps in memory; the others it replays when they go on.
    """
    from interpreter.temporal.worker.http.activity import HttpPlugin  # only workers pay for httpx

    dynamic = any(get_activity_name(function) is None for function in activities)
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[StepfileWorkflow, *workflows],
        activities=[*activities, *([] if dynamic else [refuse_unknown_activity])],
        interceptors=[StepfileInterceptor()],
        plugins=[HttpPlugin(http or HttpSettings())],
        activity_executor=ThreadPoolExecutor(THREADS, thread_name_prefix="activity"),
        graceful_shutdown_timeout=graceful_shutdown,
        max_cached_workflows=max_cached_workflows,
    )
