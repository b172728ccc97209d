"""Every run case, on the fake world, on a real server, and on a worker without a cache: all end as the case says."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
import pytest_asyncio
from temporalio.client import Client

from interpreter.client import create_worker
from interpreter.temporal import starting
from interpreter.temporal.request import request_for
from interpreter.temporal.server import DevServer
from tests.support import worlds
from tests.support.cases import RunCase, run_cases
from tests.support.ending import Ending, check
from tests.support.worlds import run_on_fake, run_on_server

Endings = dict[str, asyncio.Task[Ending]]

CASES = run_cases()
AT_ONCE = 24
"""Runs that go on at the same time on the server: they mostly wait."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_on_the_fake(case: RunCase) -> None:
    check(case, run_on_fake(case))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_on_the_fake_in_many_runs(case: RunCase) -> None:
    """It continues as new wherever it can: between any two steps."""
    check(case, run_on_fake(case, hand_over=True))


def _chosen(request: pytest.FixtureRequest, test: str) -> list[RunCase]:
    """The cases that this session runs by one test."""
    names = [item.name for item in request.session.items if item.name.startswith(f"{test}[")]
    return [case for case in CASES if any(case.id in name for name in names)]


@asynccontextmanager
async def _together(cases: list[RunCase], client: Client) -> AsyncIterator[Endings]:
    """All cases, started together: their waits overlap."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(case: RunCase) -> Ending:
        async with places:
            return await run_on_server(case, client, f"case-{uuid.uuid4().hex[:8]}")

    tasks = {case.id: asyncio.create_task(one(case)) for case in cases}
    yield tasks
    for task in tasks.values():
        task.cancel()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on_server(server: DevServer, request: pytest.FixtureRequest) -> AsyncIterator[Endings]:
    client = await server.connect()
    async with _together(_chosen(request, "test_on_the_server"), client) as endings:
        yield endings


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on_forgetful(server: DevServer, request: pytest.FixtureRequest) -> AsyncIterator[Endings]:
    """On workers that forget a run after each workflow task, and so replay all of it at the next."""
    client = await server.connect()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worlds, "create_worker", partial(create_worker, max_cached_workflows=0))
        async with _together(_chosen(request, "test_on_a_worker_that_forgets"), client) as endings:
            await asyncio.gather(*endings.values(), return_exceptions=True)
            yield endings


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def in_many_runs(server: DevServer, request: pytest.FixtureRequest) -> AsyncIterator[Endings]:
    """Each continues as new wherever it can: between any two steps, unless something else is on its way."""
    client = await server.connect()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starting, "request_for", partial(request_for, continue_as_new_after=1))
        async with _together(_chosen(request, "test_on_the_server_in_many_runs"), client) as endings:
            await asyncio.gather(*endings.values(), return_exceptions=True)
            yield endings


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_on_the_server(case: RunCase, on_server: Endings) -> None:
    check(case, await on_server[case.id])


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_on_a_worker_that_forgets(case: RunCase, on_forgetful: Endings) -> None:
    check(case, await on_forgetful[case.id])


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", [case for case in CASES if not case.one_run], ids=lambda case: case.id)
async def test_on_the_server_in_many_runs(case: RunCase, in_many_runs: Endings) -> None:
    check(case, await in_many_runs[case.id])
