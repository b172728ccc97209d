"""The activities of Stepfile itself send heartbeats, so that a timeout that a definition gives them does no harm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from temporalio import activity

INTERVAL_WITHOUT_TIMEOUT = 10.0
"""How many seconds lie between two heartbeats if there is no heartbeat timeout.

A cancellation reaches an activity only with the answer to a heartbeat, so there are heartbeats in any case.
"""


@asynccontextmanager
async def send_heartbeats() -> AsyncGenerator[None]:
    """Send heartbeats for the length of the block."""
    timeout = activity.info().heartbeat_timeout
    interval = timeout.total_seconds() / 3 if timeout else INTERVAL_WITHOUT_TIMEOUT
    heartbeats = asyncio.ensure_future(_send_every(interval))
    try:
        yield
    finally:
        heartbeats.cancel()


async def _send_every(seconds: float) -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(seconds)
