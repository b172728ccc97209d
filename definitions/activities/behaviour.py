"""How a demo activity behaves: what it is given says it.

- an id with `invalid` in it: `ValueError`, as in the book;
- `flaky-N…`: fails N times, then succeeds;
- `slow-N…`: takes N seconds, with heartbeats;
- `limited-N…`: the service says "try again in N seconds", once;
- `raises-TYPE`: an error of that type, each time; whether it is tried again, the definition says;
- `declined…`: an error that no retry can help, whatever the definition says.
"""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError


async def behave(wanted: str) -> None:
    """Do what `wanted` asks for."""
    attempt = activity.info().attempt
    match re.match(r"(flaky|slow|limited|raises|declined)-?(\d*)([\w.]*)", wanted):
        case None:
            return
        case found:
            behaviour, number, kind = found[1], int(found[2] or 1), found[3]
    if behaviour == "flaky" and attempt <= number:
        raise ConnectionError(f"no answer, attempt {attempt}")
    if behaviour == "limited" and attempt == 1:
        raise ApplicationError(
            "Rate limited", type="RateLimitError", next_retry_delay=timedelta(seconds=number)
        )
    if behaviour == "raises":
        raise ApplicationError(f"{wanted}, attempt {attempt}", {"wanted": wanted}, type=kind)
    if behaviour == "declined":
        raise ApplicationError(
            "Declined", {"wanted": wanted}, type="DeclinedError", non_retryable=True
        ) from PermissionError("not allowed")
    if behaviour == "slow":
        for _ in range(number * 10):
            await asyncio.sleep(0.1)
            activity.heartbeat()
