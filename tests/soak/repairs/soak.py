"""Each saga is run and repaired several times; each of its ends is held against the ledger."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from interpreter.temporal.workflow.workflow import StepfileWorkflow
from tests.soak.activities import DRAW_FOR_EACH_RUN
from tests.soak.chaos import Strike, carry_out
from tests.soak.cluster import Cluster
from tests.soak.ledger import Ledger
from tests.soak.repairs.acts import ACTS, find_latest
from tests.soak.repairs.checks import check_accounts, check_end
from tests.soak.repairs.guards import UNGUARDED
from tests.soak.repairs.plan import ALL, Repair, RepairedSaga, plan_repaired_sagas
from tests.soak.sagas import EndedSaga, describe_stuck, retry_call, start_once, wait_for_end

STRIKE_TIME = 30.0
"""For how many seconds the strikes continue after the last saga has begun."""
STUCK = 240.0
"""After how many seconds a run is stuck."""


@dataclass(slots=True)
class Report:
    """How the soak has ended."""

    seed: int
    sagas: int = 0
    acts: Counter[str] = field(default_factory=Counter)
    """What was done to runs → how often."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """How runs have ended → how often."""
    done: Counter[str] = field(default_factory=Counter)
    """What was done to the cluster → how often."""
    histories: int = 0
    """How many histories were replayed."""
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        lines = [
            f"seed {self.seed}: {self.sagas} sagas in {self.seconds:.0f} s",
            f"done to runs: {_format(self.acts)}",
            f"ends: {_format(self.outcomes)}",
            f"done to the cluster: {_format(self.done) or 'nothing'}",
            f"histories replayed: {self.histories}",
        ]
        if self.wrong:
            return "\n".join([*lines, f"WRONG ({len(self.wrong)}):", *(f"  {each}" for each in self.wrong)])
        return "\n".join([*lines, "No run has said that something is done which is not, or twice."])


def _format(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counter.items()))


async def run_soak(
    directory: Path,
    runs: int,
    seed: int,
    strikes: Iterable[Strike],
    *,
    concurrent_runs: int,
    acts: Sequence[str] = tuple(ACTS),
    definitions: Sequence[Path] = ALL,
    unguarded: str | None = None,
) -> Report:
    """Run the soak.

    Args:
        directory: Where everything is written.
        runs: How many sagas there are.
        seed: What all random decisions depend on.
        strikes: What is done to the cluster meanwhile.
        concurrent_runs: How many sagas run at the same time.
        acts: What is done to runs.
        definitions: What they are runs of.
        unguarded: What guard the workers lack, see `tests.soak.repairs.guards`; None if they lack none.
    """
    report = Report(seed, runs)
    variables = {DRAW_FOR_EACH_RUN: "1", **({UNGUARDED: unguarded} if unguarded is not None else {})}
    cluster = Cluster(directory, "tests.soak.repairs.activities", variables)
    ledger = Ledger(cluster.ledger)
    ledger.create()
    began = time.monotonic()
    client = await cluster.start()
    planned = plan_repaired_sagas(runs, seed, acts, definitions)
    try:
        await _run(client, cluster, ledger, report, planned, strikes, concurrent_runs)
        report.wrong += await _check_replay(client, report, planned)
    finally:
        await cluster.stop()
    report.seconds = time.monotonic() - began
    report.done = cluster.done
    report.wrong += [
        *(f"a worker has ended by itself: {each}" for each in cluster.unexpected_ends),
        *check_accounts(ledger),
    ]
    return report


async def _run(
    client: Client,
    cluster: Cluster,
    ledger: Ledger,
    report: Report,
    planned: list[RepairedSaga],
    strikes: Iterable[Strike],
    concurrent_runs: int,
) -> None:
    places = asyncio.Semaphore(concurrent_runs)
    enough = asyncio.Event()

    async def run(repaired: RepairedSaga) -> None:
        async with places:
            if repaired is planned[-1]:
                asyncio.get_running_loop().call_later(STRIKE_TIME, enough.set)
            try:
                await _run_and_repair(client, ledger, report, repaired)
            except TimeoutError:
                report.wrong.append(f"stuck: {await describe_stuck(client, repaired.saga)}")

    striking = asyncio.create_task(carry_out(cluster, strikes, enough))
    try:
        await asyncio.gather(*(run(each) for each in planned))
    finally:
        enough.set()
        await striking


async def _run_and_repair(client: Client, ledger: Ledger, report: Report, repaired: RepairedSaga) -> None:
    saga = repaired.saga
    await start_once(client, saga)
    cancel_after = saga.cancel_after
    for repair in (*repaired.repairs, None):
        end = await _wait(client, repaired, cancel_after, repair.after if repair is not None else None)
        if end is not None:
            report.outcomes[end.error or end.status] += 1
            report.wrong += check_end(ledger, end)
        if repair is not None:
            if await _repair(client, repaired, repair):
                report.acts[repair.act if end is not None else f"{repair.act} while it runs"] += 1
            cancel_after = repair.cancel_after


async def _repair(client: Client, repaired: RepairedSaga, repair: Repair) -> bool:
    try:
        return await ACTS[repair.act](client, repaired.saga, repair.where)
    except RPCError:  # the server was killed; it may have been done all the same
        return False


async def _wait(
    client: Client, repaired: RepairedSaga, cancel_after: float | None, at_most: float | None
) -> EndedSaga | None:
    """Wait for the end of the latest run; None if it has not ended in time."""
    handle = await find_latest(client, repaired.saga)

    async def cancel() -> None:
        if cancel_after is not None:
            await asyncio.sleep(cancel_after)
            with suppress(RPCError):  # it has ended
                await retry_call(handle.cancel)

    cancelling = asyncio.create_task(cancel())
    try:
        async with asyncio.timeout(STUCK if at_most is None else at_most):
            return await wait_for_end(handle, repaired.saga, time.monotonic())
    except TimeoutError:
        if at_most is None:
            raise
        return None
    finally:
        cancelling.cancel()


async def _check_replay(client: Client, report: Report, planned: Iterable[RepairedSaga]) -> list[str]:
    """Find the histories, of all runs of all sagas, that the interpreter can't replay."""
    replayer = Replayer(workflows=[StepfileWorkflow], workflow_runner=UnsandboxedWorkflowRunner())
    wrong = []
    for each in planned:
        run = each.saga.run
        for run_id in await retry_call(partial(_list_runs, client, run)):
            handle = client.get_workflow_handle(run, run_id=run_id)
            history: WorkflowHistory = await retry_call(handle.fetch_history)
            replayed = await replayer.replay_workflow(history, raise_on_replay_failure=False)
            report.histories += 1
            if replayed.replay_failure is not None:
                wrong.append(f"{run} {run_id}: does not replay: {replayed.replay_failure}")
    return wrong


async def _list_runs(client: Client, workflow_id: str) -> list[str]:
    return [each.run_id async for each in client.list_workflows(f"WorkflowId = '{workflow_id}'")]
