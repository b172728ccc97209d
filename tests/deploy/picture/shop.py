"""The activities of the story: a shop whose bank can be down, and which can't undo everything.

The bank is up as long as there is a file `up` in the folder that the environment names.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from temporalio import activity
from temporalio.exceptions import ApplicationError

FOLDER = "STEPFILE_STORY"
"""The environment variable that names the folder."""


@activity.defn
async def reserve(number: int) -> None:
    """Reserve what was ordered."""
    await asyncio.sleep(0.02)


@activity.defn
async def charge(number: int) -> None:
    """Ask the bank for the money. Every eighth customer has none."""
    await asyncio.sleep(0.1)
    if not Path(os.environ[FOLDER], "up").exists():
        raise ApplicationError("the bank is down", type="Down")
    if number % 8 == 7:
        raise ApplicationError("there is no money", type="Declined", non_retryable=True)


@activity.defn
async def release(number: int) -> None:
    """Take a reservation back. What was packed already can't be released."""
    await asyncio.sleep(0.02)
    if number % 24 == 7:
        raise ApplicationError("it is packed", type="Packed", non_retryable=True)


@activity.defn
async def cancel() -> None:
    """Cancel with somebody who does not answer any more."""
    raise ApplicationError("nobody answers", type="Silent")
