"""These activities do next to nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from benchmarks.long.definitions import EVERY_FAILING, PAGE


@activity.defn
async def page_of(items: int, cursor: int | None) -> dict[str, Any]:
    """Return a page of the numbers below `items`."""
    begin = cursor or 0
    end = min(begin + PAGE, items)
    return {"items": list(range(begin, end)), "next": end if end < items else None}


@activity.defn
async def work_on(item: int) -> int:
    """Return the item, or fail for one item in a hundred."""
    if item % EVERY_FAILING == EVERY_FAILING - 1:
        raise ApplicationError("broken", type="Broken", non_retryable=True)
    return item


@activity.defn
async def add_one(number: int) -> int:
    """Return the next number."""
    return number + 1


ACTIVITIES: list[Callable[..., Any]] = [page_of, work_on, add_one]
