"""The soak as a whole: sagas, blows, and at last the checks."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from temporalio.client import Client

from tests.soak.chaos import Strike, rage
from tests.soak.checks import check_history, check_ledger, check_replay, task_failures
from tests.soak.cluster import Cluster
from tests.soak.ledger import Ledger
from tests.soak.sagas import Ended, Saga, history_of, sagas, see_through, where

RAGE = 30.0
"""Seconds for which the blows go on after the last run has begun."""
STUCK = 240.0
"""Seconds in which a run must have ended. Each killed worker costs those it had some 15."""


@dataclass(slots=True)
class Report:
    """What became of it."""

    seed: int
    ended: list[Ended] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    """Runs that have not ended, with where they are."""
    wrong: list[str] = field(default_factory=list)
    """All that should not be."""
    done: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    """Word of the trail → how often."""
    seconds: float = 0.0

    def __str__(self) -> str:
        outcomes = Counter(each.error or each.status for each in self.ended)
        failures = sum(len(task_failures(each.history)) for each in self.ended if each.history)
        undone = [each for each in self.ended if not each.kept]
        longest = max(self.ended, key=lambda each: each.seconds, default=None)
        lines = [
            f"seed {self.seed}: {len(self.ended)} runs in {self.seconds:.0f} s",
            f"outcomes: {_counts(outcomes)}",
            f"of these undone: {len(undone)}",
            f"done to them: {_counts(self.done) or 'nothing'}",
            f"attempts: {self.words['begins']}; moved {self.words['did']}, moved back {self.words['undid']}",
            f"duplicates absorbed by the key: {self.words['repeated']}",
            f"undone without having been done: {self.words['empty']}; late, and refused: {self.words['refused']}",
            f"workflow tasks that failed: {failures}",
            f"longest run: {longest.seconds:.1f} s ({longest.saga.run})" if longest else "no run has ended",
        ]
        if self.wrong:
            lines += [f"WRONG ({len(self.wrong)}):", *(f"  {each}" for each in self.wrong)]
        else:
            lines += ["The ledger balances, and no run is stuck."]
        return "\n".join(lines)


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counter.items()))


async def soak(directory: Path, runs: int, seed: int, strikes: Iterable[Strike], *, at_once: int) -> Report:
    """Run it; everything it writes is in `directory`."""
    report = Report(seed)
    cluster = Cluster(directory)
    ledger = Ledger(cluster.ledger)
    ledger.create()
    began = time.monotonic()
    client = await cluster.start()
    try:
        await _run(client, cluster, report, sagas(runs, seed), strikes, at_once)
        report.ended = [replace(end, history=await history_of(client, end.saga.run)) for end in report.ended]
    finally:
        await cluster.cancel_scope()
    report.seconds = time.monotonic() - began
    report.done = cluster.done
    report.words = Counter(attempt.word for attempt in ledger.trail())
    report.wrong = [
        *(f"a worker has ended by itself: {each}" for each in cluster.deserted),
        *(f"stuck: {each}" for each in report.stuck),
        *check_ledger(ledger, report.ended),
        *(problem for end in report.ended for problem in check_history(end)),
        *await check_replay(report.ended),
    ]
    return report


async def _run(
    client: Client,
    cluster: Cluster,
    report: Report,
    planned: list[Saga],
    strikes: Iterable[Strike],
    at_once: int,
) -> None:
    places = asyncio.Semaphore(at_once)
    enough = asyncio.Event()

    async def through(saga: Saga) -> None:
        async with places:
            if saga is planned[-1]:
                asyncio.get_running_loop().call_later(RAGE, enough.set)
            try:
                async with asyncio.timeout(STUCK):
                    report.ended.append(await see_through(client, saga))
            except TimeoutError:
                report.stuck.append(await where(client, saga))

    raging = asyncio.create_task(rage(cluster, strikes, enough))
    try:
        await asyncio.gather(*(through(saga) for saga in planned))
    finally:
        enough.set()
        await raging
