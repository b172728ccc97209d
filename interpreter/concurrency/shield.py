"""Work that a cancellation must not interrupt: undoing, cleaning up."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def shield(work: Coroutine[Any, Any, T]) -> T:
    """Wait for `work` to its end, whatever cancels this task meanwhile.

    The cancellation is not lost: the `CancelScope` around remembers it. Only the end of `work` itself ends the wait,
    also if that is a cancellation from within, as when a worker evicts the workflow.
    """
    task = asyncio.ensure_future(work)
    while True:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.done():
                return task.result()
