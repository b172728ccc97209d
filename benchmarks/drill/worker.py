"""A worker of the drill: its only activity calls the service, which is a folder."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from stepfile import StepfilePlugin

SLOTS = 5
LATENCY = 0.05
"""Seconds that a call takes, whether it fails or not."""


async def main(address: str, queue: str, folder: Path) -> None:
    """Work until the process is ended."""
    ledger = os.open(folder / "ledger", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    @activity.defn
    async def call() -> None:
        is_up = (folder / "up").exists()
        os.write(ledger, f"{time.time():.3f} {'up' if is_up else 'down'}\n".encode())
        await asyncio.sleep(LATENCY)
        if not is_up:
            raise ApplicationError("the service is down", type="Down")

    worker = Worker(
        await Client.connect(address),
        task_queue=queue,
        activities=[call],
        plugins=[StepfilePlugin()],
        max_concurrent_activities=SLOTS,
        build_id="drill",
    )
    async with worker:
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
