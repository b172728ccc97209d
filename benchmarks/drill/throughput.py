"""How many reports one breaker takes: `python -m benchmarks.drill.throughput`.

Simulated workers report without a pause, each as soon as its last report was answered. That is the worst that an
outage can do. What a worker has to tell meanwhile is merged into its next report.
"""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime

from temporalio.client import Client

from dsl.model import CircuitBreaker
from interpreter.shared_breaker.messages import Stamped, Tell
from interpreter.shared_breaker.report import CallResult, Entry, Report
from interpreter.temporal.dev_server.server import run_dev_server
from interpreter.temporal.entities.serving import create_entity_worker
from interpreter.temporal.worker.breakers.entity import EntityClient

WORKERS = (5, 10, 50)
SECONDS = 10


async def main() -> None:
    """Measure, and print the numbers as JSON."""
    async with run_dev_server() as server:
        client = await server.connect()
        async with create_entity_worker(client):
            for workers in WORKERS:
                await _measure(client, workers)


async def _measure(client: Client, workers: int) -> None:
    ends = time.monotonic() + SECONDS
    names = [f"{workers}-{number}" for number in range(workers)]
    counts = await asyncio.gather(*(_report(client, f"throughput-{workers}", name, ends) for name in names))
    taken = sum(taken for taken, _ in counts)
    numbers = {
        "workers": workers,
        "reports in a second": round(taken / SECONDS),
        "reports that were not answered in time": sum(late for _, late in counts),
    }
    print(json.dumps(numbers), flush=True)


async def _report(client: Client, breaker: str, worker: str, ends: float) -> tuple[int, int]:
    """Report until the time is over; how many were taken, and how many were not answered in time."""
    entity, taken, late = EntityClient(client, breaker), 0, 0
    await entity.start()
    settings = CircuitBreaker.model_validate(
        {"failure_threshold": 10_000, "wait_duration_in_open_state": "1m"}
    )
    while time.monotonic() < ends:
        report = Report()
        report.add("", Entry(0, CallResult.FAILURE))
        message = Tell(Stamped(settings, datetime.now(UTC)), worker, taken + 1, report)
        try:
            await entity.tell(message)
        except Exception:
            late += 1
        else:
            taken += 1
    return taken, late


if __name__ == "__main__":
    asyncio.run(main())
