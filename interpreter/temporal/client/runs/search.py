"""Find runs: the server lists those that may fit, and what it can't tell is read from each of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field

from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError

from interpreter.temporal.client.decoding import Undecodable
from interpreter.temporal.client.run_problem import RunProblem, UnknownRun
from interpreter.temporal.client.runs.checks import Check, list_quick_checks, list_slow_checks
from interpreter.temporal.client.runs.query import RunQuery
from interpreter.temporal.client.runs.same_id import keep_latest
from interpreter.temporal.client.runs.summary import RunSummary, read_summary
from interpreter.temporal.client.runs.visibility import build_visibility_query
from interpreter.temporal.client.search_attributes import ask_for_search_attributes

BATCH = 100
"""How many runs are looked at together."""

AT_ONCE = 10
"""How many runs are read at the same time."""

LARGEST_PAGE = 1000
"""Runs that a server lists at once."""


@dataclass(frozen=True, slots=True)
class UndecidedRun:
    """A run of which nobody can tell here whether it fits."""

    run: RunSummary
    why: str
    """What can't be decoded; no whole sentence."""


@dataclass(slots=True, eq=False)
class RunSearch:
    """A `RunSearch` yields the runs that fit a query: open ones first, then those that have ended last.

    It is iterated once. Then it tells what it has left out.
    """

    client: Client
    query: RunQuery
    looked_at: int = 0
    """How many runs were looked at so far."""
    has_reached_limit: bool = False
    """Whether there are more runs that may fit, and were not looked at."""
    undecided: list[UndecidedRun] = field(default_factory=list[UndecidedRun])
    """Runs that may fit or not, and were left out: what tells it can't be decoded here."""
    _slow_checks: tuple[Check, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        self._slow_checks = tuple(list_slow_checks(self.client, self.query))

    async def __aiter__(self) -> AsyncIterator[RunSummary]:
        """
        Raises:
            RunProblem: the server refuses to list runs, or to tell more of one.
        """
        try:
            async for batch in self._list_batches():
                for run in await self._keep_fitting(await self._keep_meant(batch)):
                    yield run
                if self.has_reached_limit:
                    return
        except RPCError as error:
            raise RunProblem(f"Temporal can't list runs: {error.message} ({error.status.name})") from error

    async def _keep_meant(self, listed: Sequence[WorkflowExecution]) -> list[RunSummary]:
        """Leave out the runs that nobody means because another one has followed, and those beyond the limit."""
        runs = [await read_summary(each) for each in listed]
        if not self.query.includes_superseded:
            runs = await keep_latest(self.client, runs)
        room = self.query.limit - self.looked_at
        self.has_reached_limit = len(runs) > room
        self.looked_at += min(len(runs), room)
        return runs[:room]

    async def _keep_fitting(self, runs: list[RunSummary]) -> list[RunSummary]:
        runs = await self._apply(list_quick_checks(self.query), runs)
        return await self._apply(self._slow_checks, runs)

    async def _list_batches(self) -> AsyncIterator[Sequence[WorkflowExecution]]:
        registered = await ask_for_search_attributes(self.client)
        text = build_visibility_query(self.query, registered)
        batch: list[WorkflowExecution] = []
        size = min(self.query.limit + 1, BATCH)  # one more than the limit tells whether there are more
        async for each in self.client.list_workflows(text, page_size=min(self.query.limit + 1, LARGEST_PAGE)):
            batch.append(each)
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch

    async def _apply(self, checks: Iterable[Check], runs: list[RunSummary]) -> list[RunSummary]:
        for check in checks:
            room = asyncio.Semaphore(AT_ONCE)
            decided = await asyncio.gather(*(self._decide(check, run, room) for run in runs))
            runs = [run for run in decided if run is not None]
        return runs

    async def _decide(self, check: Check, run: RunSummary, room: asyncio.Semaphore) -> RunSummary | None:
        async with room:
            try:
                return await check(run)
            except Undecodable as error:
                self.undecided.append(UndecidedRun(run, error.message))
            except UnknownRun:  # its retention has ended since it was listed
                pass
            return None


def find_runs(client: Client, query: RunQuery) -> RunSearch:
    """Find the runs of a namespace that fit a query.

    The list is a moment old: the server writes it after what happens.

    Args:
        client: A connection, as from `connect`.
        query: Which runs are meant.

    Returns:
        An asynchronous iterator of `RunSummary`, which knows afterwards whether it has looked at all runs.
    """
    return RunSearch(client, query)
