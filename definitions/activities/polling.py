"""These activities poll a service, which does not say by itself when a job is done.

`ready-N…` is a job whose result is there when the service is asked for the Nth time.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from definitions.activities.behaviour import behave
from stepfile.activity import last_heartbeat


@activity.defn
async def fetch_result(job: str) -> str:
    """Ask once for the result, in each attempt."""
    await behave(job)
    if activity.info().attempt < _ready_at(job):
        raise ApplicationError(f"{job} is not ready", type="NotReady")
    return f"result of {job}"


@activity.defn
async def poll_for_result(job: str, breaks_at: int = 0) -> str:
    """Ask again and again, until there is a result.

    Args:
        job: The job.
        breaks_at: Before this question the first attempt breaks off.
    """
    for question in range(last_heartbeat(0) + 1, _ready_at(job)):
        if question == breaks_at and activity.info().attempt == 1:
            raise ConnectionError(f"lost at question {breaks_at}")
        activity.heartbeat(question)
        await asyncio.sleep(0.1)
    return f"result of {job}"


@activity.defn
async def sign_in() -> str:
    """Get a token, which is valid for a short time."""
    return "token"


@activity.defn
async def check_result(token: str, job: str, question: int) -> dict[str, Any]:
    """Ask once for the result; `question` is the number of the question, counted from 0."""
    await behave(job)
    ready = question + 1 >= _ready_at(job)
    return {"ready": ready, "result": f"result of {job}" if ready else None}


def _ready_at(job: str) -> int:
    found = re.match(r"ready-(\d+)", job)
    return int(found[1]) if found else 1
