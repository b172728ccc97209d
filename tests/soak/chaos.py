"""What is done to the cluster, when: drawn from a seed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Literal

from tests.soak.cluster import WORKERS, Cluster

Blow = Literal["worker", "all workers", "pause", "server killed", "server asked"]

_WEIGHTS: dict[Blow, int] = {
    "worker": 10,
    "all workers": 2,
    "pause": 2,
    "server killed": 2,
    "server asked": 2,
}


@dataclass(frozen=True, slots=True)
class Strike:
    """One blow, and how many seconds after the one before."""

    after: float
    blow: Blow
    place: int


def endless(seed: int, *, least: float = 2.0, most: float = 6.0) -> Iterator[Strike]:
    """Blows without end."""
    random = Random(f"chaos {seed}")
    blows, weights = list(_WEIGHTS), list(_WEIGHTS.values())
    while True:
        (blow,) = random.choices(blows, weights)
        yield Strike(random.uniform(least, most), blow, random.randrange(WORKERS))


def short(seed: int) -> Iterator[Strike]:
    """One of each kind that matters most, at times that the seed says."""
    random = Random(f"chaos {seed}")
    for place, blow in enumerate[Blow](("worker", "server killed", "worker")):
        yield Strike(random.uniform(2.5, 4.5), blow, place % WORKERS)


async def rage(cluster: Cluster, strikes: Iterable[Strike], enough: asyncio.Event) -> None:
    """Strike until there is nothing left to do, or it is enough."""
    for strike in strikes:
        with suppress(TimeoutError):
            await asyncio.wait_for(enough.wait(), strike.after)
            return
        match strike.blow:
            case "worker":
                await cluster.kill_worker(strike.place)
            case "all workers":
                await cluster.kill_all_workers()
            case "pause":
                await cluster.pause_worker(strike.place)
            case "server killed":
                await cluster.restart_server(signal.SIGKILL)
            case "server asked":
                await cluster.restart_server(signal.SIGTERM)
