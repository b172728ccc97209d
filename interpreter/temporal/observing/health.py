"""Whether a worker can do its work: asked by whoever starts workers, and sends them no more work when they can't.

A worker is *live* while its event loop answers. It is *ready* while it runs, was not asked to stop, the server
answers, and the server has seen it poll its task queue lately. The last point needs the server: temporalio has no
call that tells whether the polls of a worker arrive.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeTaskQueueResponse
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

RPC_TIMEOUT = timedelta(seconds=3)
"""So long the server has to answer: a probe of Kubernetes waits little."""

RECENTLY = 150.0
"""Seconds. A poll waits up to 60 s at the server. One that was not seen for more than twice as long polls no more.
The server itself forgets a poller after five minutes."""

FRESH = 5.0
"""Seconds for which an answer of the server holds, however many ask."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a worker is ready."""

    problems: tuple[str, ...] = ()
    """Why it is not; without any, it is ready."""

    @property
    def is_ready(self) -> bool:
        """Whether work should be sent to it."""
        return not self.problems


class WorkerHealth:
    """The health of one worker."""

    def __init__(self, worker: Worker) -> None:
        """Looks after a worker, which need not run yet."""
        self._worker = worker
        self._client: Client = worker.client
        options: Any = worker.config()  # its type says `Callable` without the types of parameters
        self._identity: str = options.get("identity") or self._client.identity
        self._draining = False
        self._looked: tuple[float, str | None] | None = None
        self._last_poll: tuple[datetime, float] | None = None
        self._asking = asyncio.Lock()

    @property
    def task_queue(self) -> str:
        """The task queue of the worker."""
        return self._worker.task_queue

    def note_draining(self) -> None:
        """Note that the worker was asked to stop: it takes no new work, and is never ready again."""
        self._draining = True

    async def check(self) -> Readiness:
        """Find out whether the worker is ready."""
        if self._draining or self._worker.is_shutdown:
            return Readiness(("the worker was asked to stop, and takes no new work",))
        if not self._worker.is_running:
            return Readiness(("the worker does not run yet",))
        problem = await self._look_at_server()
        return Readiness() if problem is None else Readiness((problem,))

    async def _look_at_server(self) -> str | None:
        async with self._asking:
            now = time.monotonic()
            if self._looked is None or now - self._looked[0] > FRESH:
                self._looked = now, await self._find_problem(now)
            return self._looked[1]

    async def _find_problem(self, now: float) -> str | None:
        where = f'task queue "{self.task_queue}"'
        try:
            found = await self._describe_task_queue()
        except RPCError as error:
            return f"the server does not answer: {error.message or error.status.name}"
        polls = [_read_time(each) for each in found.pollers if each.identity == self._identity]
        if not polls:
            return f"the server has seen no poll of this worker on {where}"
        age = now - self._note_poll(max(polls), now)
        return f"the last poll of this worker on {where} was {age:.0f} s ago" if age > RECENTLY else None

    def _note_poll(self, poll: datetime, now: float) -> float:
        """Return when this poll was seen first, by the clock of this process: the server's may be set otherwise."""
        if self._last_poll is None or self._last_poll[0] != poll:
            self._last_poll = poll, now
        return self._last_poll[1]

    async def _describe_task_queue(self) -> DescribeTaskQueueResponse:
        request = DescribeTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=self.task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        return await self._client.workflow_service.describe_task_queue(request, timeout=RPC_TIMEOUT)


def _read_time(poller: PollerInfo) -> datetime:
    return poller.last_access_time.ToDatetime(UTC)
