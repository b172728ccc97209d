"""The argument of a demo activity says how the activity behaves.

- An id that has `invalid` in it raises a `ValueError`, as in the book.
- `flaky-N…` fails N times, then succeeds.
- `slow-N…` takes N seconds, and sends heartbeats.
- `limited-N…` fails once, and the service says "try again in N seconds".
- `raises-TYPE` raises an error of that type each time; the definition says whether it is retried.
- `declined…` raises an error that is never retried, whatever the definition says.
"""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError


async def behave(wanted: str) -> None:
    """Behave as `wanted` says; any other text does nothing.

    Raises:
        ConnectionError: for `flaky`.
        ApplicationError: for `limited`, `raises` and `declined`.
    """
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
