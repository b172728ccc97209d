"""A test waits for a state by asking for it, and never sleeps in the hope that the state has come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

POLL_INTERVAL = 0.1
"""How many seconds lie between two questions."""


async def until(holds: Callable[[], bool | Awaitable[bool]], what: str, *, within: float = 20.0) -> None:
    """Wait until a condition holds.

    Args:
        holds: Tells whether the condition holds now.
        what: The condition in words, for the message if the test fails.
        within: After how many seconds the test fails.
    """
    try:
        async with asyncio.timeout(within):
            while True:
                answer = holds()
                if answer if isinstance(answer, bool) else await answer:
                    return
                await asyncio.sleep(POLL_INTERVAL)
    except TimeoutError:
        raise AssertionError(f"not within {within:g} s: {what}") from None
