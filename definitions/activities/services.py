"""These activities call a service, and clean up after the calls."""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio import activity

from definitions.activities.behaviour import behave
from stepfile.activity import last_heartbeat


@activity.defn
async def risky_operation(data: str) -> str:
    """Process data, and refuse invalid data, as in chapter 7.1.1."""
    if "invalid" in data:
        raise ValueError(f"Invalid data: {data}")
    await behave(data)
    return f"processed {data}"


@activity.defn
async def call_service(request: str) -> str:
    """Call a service, and return its answer."""
    await behave(request)
    return f"answer to {request}"


@activity.defn
async def process_batch(items: int, breaks_at: int = 0) -> int:
    """Process many items, report the progress, and continue from there in the next attempt.

    Args:
        items: How many items there are.
        breaks_at: Before this item the first attempt breaks off.
    """
    for item in range(last_heartbeat(0), items):
        if item + 1 == breaks_at and activity.info().attempt == 1:
            raise ConnectionError(f"lost at item {breaks_at}")
        await asyncio.sleep(0.01)
        activity.heartbeat(item + 1)
    return items


@activity.defn
async def render(frames: int, falls_silent_at: int = 0) -> int:
    """Render the frames of a film on a farm, and report the job there and the progress.

    Args:
        frames: How many frames there are.
        falls_silent_at: Before this frame the activity hangs, as if its worker were lost.
    """
    for frame in range(1, frames + 1):
        await asyncio.sleep(30 if frame == falls_silent_at else 0.01)
        activity.heartbeat({"job": "farm-17", "frame": frame})
    return frames


@activity.defn
async def clean_up(what: str) -> None:
    """Remove what an operation has left behind, if there is anything."""
    activity.logger.info("cleaned up after %s", what)


@activity.defn
async def write_to_dlq(record: dict[str, Any]) -> None:
    """Keep a dead letter. A real activity inserts it, unless there is one with the same key already."""
    activity.logger.error("dead letter %s: %s", record["key"], record["error"]["message"])
