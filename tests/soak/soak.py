"""The soak runs sagas, carries out strikes meanwhile, and checks everything at the end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from temporalio.client import Client

from tests.soak.chaos import Strike, carry_out
from tests.soak.checks import check_history, check_ledger, check_replay, list_task_failures
from tests.soak.cluster import Cluster
from tests.soak.ledger import Ledger
from tests.soak.sagas import EndedSaga, Saga, describe_stuck, fetch_history, plan_sagas, run_to_end

STRIKE_TIME = 30.0
"""For how many seconds the strikes continue after the last run has begun."""
STUCK = 240.0
"""After how many seconds a run is stuck. Each worker that is killed costs its runs some 15 seconds."""


@dataclass(slots=True)
class Report:
    """A `Report` says how the soak has ended."""

    seed: int
    ended: list[EndedSaga] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    """Where each run is that has not ended."""
    wrong: list[str] = field(default_factory=list)
    """Everything that the checks have found."""
    done: Counter[str] = field(default_factory=Counter)
    """What was done to the cluster → how often."""
    words: Counter[str] = field(default_factory=Counter)
    """A word of the trail → how often it occurs."""
    seconds: float = 0.0

    def __str__(self) -> str:
        outcomes = Counter(each.error or each.status for each in self.ended)
        failures = sum(len(list_task_failures(each.history)) for each in self.ended if each.history)
        undone = [each for each in self.ended if not each.kept]
        longest = max(self.ended, key=lambda each: each.seconds, default=None)
        lines = [
            f"seed {self.seed}: {len(self.ended)} runs in {self.seconds:.0f} s",
            f"outcomes: {_format_counts(outcomes)}",
            f"of these undone: {len(undone)}",
            f"done to the cluster: {_format_counts(self.done) or 'nothing'}",
            f"attempts: {self.words['begins']}; moved {self.words['did']}, moved back {self.words['undid']}",
            f"duplicates absorbed by the key: {self.words['repeated']}",
            f"undone without having been done: {self.words['empty']}; late and refused: {self.words['refused']}",
            f"workflow tasks that failed: {failures}",
            f"longest run: {longest.seconds:.1f} s ({longest.saga.run})" if longest else "no run has ended",
        ]
        if self.wrong:
            lines += [f"WRONG ({len(self.wrong)}):", *(f"  {each}" for each in self.wrong)]
        else:
            lines += ["The ledger balances, and no run is stuck."]
        return "\n".join(lines)


def _format_counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counter.items()))


async def run_soak(
    directory: Path, runs: int, seed: int, strikes: Iterable[Strike], *, concurrent_runs: int
) -> Report:
    """Run the soak.

    Args:
        directory: Where everything is written.
        runs: How many runs there are.
        seed: What all random decisions depend on.
        strikes: What is done to the cluster meanwhile.
        concurrent_runs: How many runs there are at the same time.
    """
    report = Report(seed)
    cluster = Cluster(directory)
    ledger = Ledger(cluster.ledger)
    ledger.create()
    began = time.monotonic()
    client = await cluster.start()
    try:
        await _run(client, cluster, report, plan_sagas(runs, seed), strikes, concurrent_runs)
        report.ended = [
            replace(end, history=await fetch_history(client, end.saga.run)) for end in report.ended
        ]
    finally:
        await cluster.stop()
    report.seconds = time.monotonic() - began
    report.done = cluster.done
    report.words = Counter(attempt.word for attempt in ledger.trail())
    report.wrong = [
        *(f"a worker has ended by itself: {each}" for each in cluster.unexpected_ends),
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
    concurrent_runs: int,
) -> None:
    places = asyncio.Semaphore(concurrent_runs)
    enough = asyncio.Event()

    async def run(saga: Saga) -> None:
        async with places:
            if saga is planned[-1]:
                asyncio.get_running_loop().call_later(STRIKE_TIME, enough.set)
            try:
                async with asyncio.timeout(STUCK):
                    report.ended.append(await run_to_end(client, saga))
            except TimeoutError:
                report.stuck.append(await describe_stuck(client, saga))

    striking = asyncio.create_task(carry_out(cluster, strikes, enough))
    try:
        await asyncio.gather(*(run(saga) for saga in planned))
    finally:
        enough.set()
        await striking
