"""How many workers one breaker can have: `python -m benchmarks.drill.throughput`.

Simulated workers, each with a view of its own and five slots, call a service that fails all the time.

- *storm*: the breaker never opens, so every failure is told. That is the worst that an outage can do.
- *outage*: the breaker opens after five failures for five seconds, again and again. What reaches the service beyond
  the first failures and one probe in each period are the calls for which the breaker was late.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from temporalio.client import Client

from dsl.model import CircuitBreaker
from interpreter.effects import BreakerCall
from interpreter.shared_breaker.report import CallResult, Entry
from interpreter.shared_breaker.view import MustAsk
from interpreter.state.breaker import Permit, Rejected
from interpreter.temporal.dev_server.server import run_dev_server
from interpreter.temporal.entities.serving import serve_entities
from interpreter.temporal.wire.breaker_events import NotReached, SharedBreakerEvent
from interpreter.temporal.worker.breakers.entity import PATIENCE, EntityClient
from interpreter.temporal.worker.breakers.watched import Admission, WatchedBreakers

WORKERS = (10, 50, 200)
SLOTS = 5
SECONDS = 15
LATENCY = 0.05
"""Seconds that a call takes."""
STORM = {"failure_threshold": 10_000, "wait_duration_in_open_state": "1m"}
OUTAGE = {"failure_threshold": 5, "wait_duration_in_open_state": "5s"}


@dataclass
class Numbers:
    """What the simulated workers have seen."""

    calls: int = 0
    waits: list[float] = field(default_factory=list)
    """Seconds for which each failed call has waited until its failure was told."""
    unreachable: int = 0

    def hear(self, _: str, event: SharedBreakerEvent) -> None:
        """Count how often an entity was given up."""
        self.unreachable += isinstance(event, NotReached)


async def main() -> None:
    """Measure, and print the numbers as JSON."""
    async with run_dev_server() as server:
        client = await server.connect()
        async with serve_entities(client):
            for workers in map(int, sys.argv[1:] or WORKERS):
                for name, said in (("storm", STORM), ("outage", OUTAGE)):
                    print(json.dumps(await _measure(client, workers, name, said)), flush=True)


async def _measure(client: Client, workers: int, kind: str, said: dict[str, object]) -> dict[str, object]:
    name = f"{kind}-{workers}"
    call = BreakerCall(name, "", None, CircuitBreaker.model_validate(said), datetime.now(UTC))
    numbers = Numbers()
    crowd = [WatchedBreakers(EntityClient(client, name), uuid4().hex, numbers.hear) for _ in range(workers)]
    await asyncio.gather(*(each.prepare(call, timedelta(seconds=30)) for each in crowd))
    before = sum(each.rpcs for each in crowd)
    ends = time.monotonic() + SECONDS
    await asyncio.gather(*(_work(each, call, numbers, ends) for each in crowd for _ in range(SLOTS)))
    said_to_it = sum(each.rpcs for each in crowd) - before
    shown = await client.get_workflow_handle(crowd[0].entity.workflow_id).query("show")
    counters = shown["breakers"][0]["counters"]
    await asyncio.gather(*(each.close() for each in crowd))
    waits = sorted(numbers.waits) or [0.0]
    return {
        "workers": workers,
        "kind": kind,
        "calls in a second": round(numbers.calls / SECONDS),
        "calls": numbers.calls,
        "probes": counters["probes"],
        "counted": counters["failures"] + counters["ignored"],
        "messages in a second": round(said_to_it / SECONDS),
        "median wait": round(waits[len(waits) // 2], 3),
        "longest wait": round(waits[-1], 3),
        "given up": numbers.unreachable,
    }


async def _work(watched: WatchedBreakers, call: BreakerCall, numbers: Numbers, ends: float) -> None:
    while time.monotonic() < ends:
        await watched.prepare(call, PATIENCE)
        now = datetime.now(UTC)
        admission: Admission | Permit | Rejected | MustAsk = watched.check(call, now)
        if isinstance(admission, MustAsk):
            asked = await watched.ask(call, timedelta(minutes=1), None, PATIENCE, now)
            admission = Permit(watched.view.of("").generation) if asked is None else asked
        if isinstance(admission, Permit):
            admission = Admission(admission.generation)
        if not isinstance(admission, Admission):
            await asyncio.sleep(LATENCY)
            continue
        numbers.calls += 1
        await asyncio.sleep(LATENCY)
        began = time.monotonic()
        entry = Entry(admission.generation, CallResult.FAILURE, permit=admission.permit)
        if admission.permit is not None or watched.view.is_current("", admission.generation):
            await watched.messenger.tell("", entry, PATIENCE)
            numbers.waits.append(time.monotonic() - began)


if __name__ == "__main__":
    asyncio.run(main())
