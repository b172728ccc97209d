"""The run cases on workers that forget a run after each workflow task, and so replay all of it at the next.

Outside of a soak these are every third case, and those that can't be tried in many runs, where workers forget, too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio

from interpreter.temporal.dev_server.server import DevServer
from stepfile import create_worker
from tests.interpreter.test_properties import SOAK
from tests.runs.at_once import ALL_ENDED, CASES_OF_THE_LANGUAGE, Endings, run_at_once
from tests.support import server_world
from tests.support.cases import RunCase

pytestmark = [pytest.mark.slow, ALL_ENDED]

CHOSEN = [
    case for number, case in enumerate(CASES_OF_THE_LANGUAGE) if SOAK or case.one_run or number % 3 == 0
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def endings(server: DevServer, request: pytest.FixtureRequest) -> AsyncIterator[Endings]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server_world, "create_worker", partial(create_worker, max_cached_workflows=0))
        async with run_at_once(server, request) as running:
            yield running


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CHOSEN, ids=lambda case: case.id)
async def test_on_a_worker_that_forgets(case: RunCase, endings: Endings) -> None:
    await endings.check(case)
