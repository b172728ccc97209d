"""Every run case, on the fake world and on a real server: both must end as the case says."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from interpreter.temporal.server import DevServer
from tests.support.cases import RunCase, run_cases
from tests.support.ending import Ending, check
from tests.support.worlds import run_on_fake, run_on_server

CASES = run_cases()
AT_ONCE = 12
"""Runs that go on at the same time on the server: they mostly wait."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_on_the_fake(case: RunCase) -> None:
    check(case, run_on_fake(case))


def _selected(request: pytest.FixtureRequest) -> list[pytest.Item]:
    return [item for item in request.session.items if item.name.startswith("test_on_the_server")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on_server(
    server: DevServer, request: pytest.FixtureRequest
) -> AsyncIterator[dict[str, asyncio.Task[Ending]]]:
    """All selected cases, started together: their waits overlap."""
    client = await server.connect()
    places = asyncio.Semaphore(AT_ONCE)
    chosen = [case for case in CASES if any(case.id in item.name for item in _selected(request))]

    async def one(case: RunCase) -> Ending:
        async with places:
            return await run_on_server(case, client, f"case-{uuid.uuid4().hex[:8]}")

    tasks = {case.id: asyncio.create_task(one(case)) for case in chosen}
    yield tasks
    for task in tasks.values():
        task.cancel()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_on_the_server(case: RunCase, on_server: dict[str, asyncio.Task[Ending]]) -> None:
    check(case, await on_server[case.id])
