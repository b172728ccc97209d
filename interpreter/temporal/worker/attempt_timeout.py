"""An attempt ends before the server takes it for lost.

When `start_to_close` is over, the server begins the next attempt, or the run its compensation; the old attempt would
go on all the same, and might do its work after it was undone (a "late forward"). So an async activity is cancelled
a moment before. A plain function runs in a thread, which nobody can stop from outside.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from interpreter.temporal.wire.server_error_types import SERVER_START_TO_CLOSE

MAXIMUM_MARGIN = timedelta(milliseconds=500)
MARGIN_SHARE = 0.1
"""How much of `start_to_close` is kept for stopping, but no more than the longest margin."""

PATIENCE = timedelta(seconds=2)
"""The server's timers are up to a second late."""


async def run_before_timeout(
    fn: Callable[..., Any], info: activity.Info, attempt: Callable[[], Awaitable[Any]]
) -> Any:
    """Make an attempt, and stop it shortly before its `start_to_close` is over.

    What the activity returns when it is stopped counts; what it raises then does not: the server is left to say that
    the attempt has timed out, as it would have done.

    Raises:
        ApplicationError: the server has not said so; the attempt failed by its timeout all the same.
    """
    limit = compute_limit(info)
    if not limit or not _is_async(fn):
        return await attempt()
    loop = asyncio.get_running_loop()
    began = loop.time()
    stop = asyncio.timeout_at(began + (limit - min(MAXIMUM_MARGIN, limit * MARGIN_SHARE)).total_seconds())
    try:
        async with stop:
            return await attempt()
    except Exception:
        if not stop.expired():
            raise
    await asyncio.sleep((limit + PATIENCE).total_seconds() - (loop.time() - began))
    raise ApplicationError("the attempt was stopped before start_to_close", type=SERVER_START_TO_CLOSE)


def compute_limit(info: activity.Info) -> timedelta | None:
    """The time of this attempt, which `schedule_to_close` may cut short."""
    limit, budget = info.start_to_close_timeout, info.schedule_to_close_timeout
    if not budget:
        return limit
    left = max(budget - (info.started_time - info.scheduled_time), timedelta(milliseconds=1))
    return min(limit, left) if limit else left


@lru_cache
def _is_async(fn: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(getattr(fn, "__call__", None))  # noqa: B004
