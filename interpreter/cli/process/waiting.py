"""A command waits for its work, and for the failures that would make the waiting useless."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def wait_or_fail(work: Awaitable[T], *failure_watchers: Callable[[], Awaitable[Exception]]) -> T:
    """Wait for `work`, unless something that the work needs fails first.

    Args:
        work: What is waited for.
        failure_watchers: Each waits until something has failed, and returns the error.

    Returns:
        The result of `work`.

    Raises:
        Exception: what one of the watchers has returned.
    """
    main = asyncio.ensure_future(work)
    watchers = [asyncio.ensure_future(watch()) for watch in failure_watchers]
    try:
        await asyncio.wait({main, *watchers}, return_when=asyncio.FIRST_COMPLETED)
        for watcher in watchers:
            if watcher.done() and not main.done():
                raise watcher.result()
        return await main
    finally:
        for task in (main, *watchers):
            task.cancel()
