"""All run cases at the same time on a real server: they mostly wait, and their waits overlap."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
from temporalio.client import Client

from interpreter.temporal.dev_server.server import DevServer
from tests.interpreter.test_properties import SOAK
from tests.runs.waiting import find_pending, measure_waiting
from tests.support.cases import DEFINITIONS, RunCase, run_cases
from tests.support.ending import Ending, check
from tests.support.server_world import MomentMissed, run_on_server

CASES = run_cases()
CASES_OF_THE_LANGUAGE = CASES if SOAK else [case for case in CASES if case.file.parent != DEFINITIONS]
"""Without the rehearsals, whose histories are replayed anyway, unless it is a soak."""
AT_ONCE = 12
"""How many cases have just begun, and so have much to do."""
WAITING = 24
"""How many cases may have begun earlier: by then most of them wait for a timer."""
BUSY = 3.0
"""Seconds in which a case counts as one that has just begun."""
SLOW = 0.7
"""Seconds that a run may have waited for its worker altogether. Then no deadline of the cases has passed because of
it: the shortest is a second."""
LONGEST = 150.0
"""Seconds until a case must have ended. Most end in seconds, the longest in forty; a slow machine needs more."""
ALL_ENDED = pytest.mark.timeout(900)
"""In so many seconds a test must end: it may wait until all cases have ended, to run its own again alone."""
TRIES = 4
"""How often a case is run whose runs have waited for a machine that had too much to do."""


class Endings:
    """These are the ends of many cases that run at the same time on one server."""

    def __init__(self, client: Client, cases: Sequence[RunCase]) -> None:
        self._client = client
        self._begun, self._busy = asyncio.Semaphore(AT_ONCE + WAITING), asyncio.Semaphore(AT_ONCE)
        self._alone = asyncio.Lock()
        self._ids = {case.id: _make_id() for case in cases}
        self._tasks = {case.id: asyncio.create_task(self._run_among_others(case)) for case in cases}

    async def check(self, case: RunCase) -> None:
        """Check how a case has ended.

        A deadline of seconds also passes when the machine stands still. So a case that has ended otherwise than it
        must is run again, with no other beside it, if its history says that it has waited for its worker, or if the
        moment to do something to the run was missed.
        """
        for _ in range(TRIES - 1):
            try:
                check(case, await self._tasks[case.id])
            except MomentMissed:
                pass
            except AssertionError:
                if await measure_waiting(self._client, self._ids[case.id]) < SLOW:
                    raise
            else:
                return
            await self._run_alone(case)
        check(case, await self._tasks[case.id])

    def cancel(self) -> None:
        """Stop what still runs."""
        for task in self._tasks.values():
            task.cancel()

    async def _run_among_others(self, case: RunCase) -> Ending:
        async with self._begun:
            async with self._busy:
                running = asyncio.create_task(self._run(case))
                await asyncio.wait([running], timeout=BUSY)
            return await running

    async def _run_alone(self, case: RunCase) -> None:
        async with self._alone:
            await asyncio.wait(self._tasks.values())
            self._ids[case.id] = _make_id()
            self._tasks[case.id] = task = asyncio.create_task(self._run(case))
            with suppress(AssertionError):  # `check` meets it
                await task

    async def _run(self, case: RunCase) -> Ending:
        """Run a case. One that hangs fails, with what it waits for: others may wait for its end."""
        workflow_id = self._ids[case.id]
        try:
            async with asyncio.timeout(LONGEST) as limit:
                return await run_on_server(case, self._client, workflow_id)
        except TimeoutError:
            if not limit.expired():
                raise
        waits = await find_pending(self._client, workflow_id)
        raise AssertionError(f"not within {LONGEST:g} s: the run ends; it waits for {waits}")


@asynccontextmanager
async def run_at_once(server: DevServer, request: pytest.FixtureRequest) -> AsyncIterator[Endings]:
    """Start the cases of which this session looks at the end in the module that asks."""
    names = [item.name for item in request.session.items if item.path == request.path]
    chosen = [case for case in CASES if any(f"[{case.id}]" in name for name in names)]
    endings = Endings(await server.connect(), chosen)
    yield endings
    endings.cancel()


def _make_id() -> str:
    return f"case-{uuid.uuid4().hex[:8]}"
