"""All run cases at the same time on a real server: they mostly wait, and their waits overlap."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from interpreter.temporal.dev_server.server import DevServer
from tests.interpreter.test_properties import SOAK
from tests.support.cases import DEFINITIONS, RunCase, run_cases
from tests.support.ending import Ending
from tests.support.server_world import run_on_server

Endings = dict[str, asyncio.Task[Ending]]

CASES = run_cases()
CASES_OF_THE_LANGUAGE = CASES if SOAK else [case for case in CASES if case.file.parent != DEFINITIONS]
"""Without the rehearsals, whose histories are replayed anyway, unless it is a soak."""
AT_ONCE = 12
"""How many cases have just begun, and so have much to do."""
WAITING = 24
"""How many cases may have begun earlier: by then most of them wait for a timer."""
BUSY = 3.0
"""Seconds in which a case counts as one that has just begun."""


@asynccontextmanager
async def run_at_once(server: DevServer, request: pytest.FixtureRequest) -> AsyncIterator[Endings]:
    """Start the cases of which this session looks at the end in the module that asks."""
    names = [item.name for item in request.session.items if item.path == request.path]
    client = await server.connect()
    begun, busy = asyncio.Semaphore(AT_ONCE + WAITING), asyncio.Semaphore(AT_ONCE)

    async def one(case: RunCase) -> Ending:
        async with begun:
            async with busy:
                running = asyncio.create_task(run_on_server(case, client, f"case-{uuid.uuid4().hex[:8]}"))
                await asyncio.wait([running], timeout=BUSY)
            return await running

    chosen = [case for case in CASES if any(f"[{case.id}]" in name for name in names)]
    tasks = {case.id: asyncio.create_task(one(case)) for case in chosen}
    yield tasks
    for task in tasks.values():
        task.cancel()
