"""The run cases on a real server, continuing as new wherever it can: between any two steps, unless something else is
on its way.

The worker forgets a run after each workflow task, so that both ways of going on are tried together.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio

from interpreter.temporal.client import start as starting
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.wire.request import StartRequest
from stepfile import create_worker
from tests.runs.at_once import ALL_ENDED, CASES_OF_THE_LANGUAGE, Endings, run_at_once
from tests.support import server_world
from tests.support.cases import RunCase

pytestmark = [pytest.mark.slow, ALL_ENDED]

IN_MANY_RUNS = [case for case in CASES_OF_THE_LANGUAGE if not case.one_run]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def endings(server: DevServer, request: pytest.FixtureRequest) -> AsyncIterator[Endings]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starting, "StartRequest", partial(StartRequest, continue_as_new_after=1))
        patch.setattr(server_world, "create_worker", partial(create_worker, max_cached_workflows=0))
        async with run_at_once(server, request) as running:
            yield running


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", IN_MANY_RUNS, ids=lambda case: case.id)
async def test_on_the_server_in_many_runs(case: RunCase, endings: Endings) -> None:
    await endings.check(case)
