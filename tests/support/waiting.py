"""Wait for a state by asking for it, never by sleeping and hoping."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

POLL = 0.1
"""Seconds between two questions."""


async def until(holds: Callable[[], bool | Awaitable[bool]], what: str, *, within: float = 20.0) -> None:
    """Return as soon as `holds()` is true; fail the test with `what` if it is not so `within` seconds."""
    try:
        async with asyncio.timeout(within):
            while True:
                answer = holds()
                if answer if isinstance(answer, bool) else await answer:
                    return
                await asyncio.sleep(POLL)
    except TimeoutError:
        raise AssertionError(f"not within {within:g} s: {what}") from None
