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


@asynccontextmanager
async def run_at_once(server: DevServer, request: pytest.FixtureRequest) -> AsyncIterator[Endings]:
    """Start the cases of which this session looks at the end in the module that asks."""
    names = [item.name for item in request.session.items if item.path == request.path]
    places, client = asyncio.Semaphore(AT_ONCE), await server.connect()

    async def one(case: RunCase) -> Ending:
        async with places:
            return await run_on_server(case, client, f"case-{uuid.uuid4().hex[:8]}")

    chosen = [case for case in CASES if any(f"[{case.id}]" in name for name in names)]
    tasks = {case.id: asyncio.create_task(one(case)) for case in chosen}
    yield tasks
    for task in tasks.values():
        task.cancel()
