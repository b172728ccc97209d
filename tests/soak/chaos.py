"""A seed decides what is done to the cluster, and when."""

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
    """A `Strike` is one blow to the cluster."""

    after: float
    """How many seconds after the strike before."""
    blow: Blow
    place: int
    """The number of the worker that is struck, if it is a worker."""


def plan_endless_strikes(seed: int, *, least: float = 2.0, most: float = 6.0) -> Iterator[Strike]:
    """Draw strikes without end, between `least` and `most` seconds after each other."""
    random = Random(f"chaos {seed}")
    blows, weights = list(_WEIGHTS), list(_WEIGHTS.values())
    while True:
        (blow,) = random.choices(blows, weights)
        yield Strike(random.uniform(least, most), blow, random.randrange(WORKERS))


def plan_few_strikes(seed: int) -> Iterator[Strike]:
    """Draw the times of three strikes, of the kinds that matter most."""
    random = Random(f"chaos {seed}")
    for place, blow in enumerate[Blow](("worker", "server killed", "worker")):
        yield Strike(random.uniform(2.5, 4.5), blow, place % WORKERS)


async def carry_out(cluster: Cluster, strikes: Iterable[Strike], enough: asyncio.Event) -> None:
    """Carry out the strikes, until there are no more or `enough` is set."""
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
