"""Every run case on a real server: what the fake says is so there, too."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from interpreter.temporal.dev_server.server import DevServer
from tests.runs.at_once import ALL_ENDED, CASES, Endings, run_at_once
from tests.support.cases import DEFINITIONS, RunCase

pytestmark = ALL_ENDED


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def endings(server: DevServer, request: pytest.FixtureRequest) -> AsyncIterator[Endings]:
    async with run_at_once(server, request) as running:
        yield running


MARKED = [
    pytest.param(case, marks=pytest.mark.slow if case.file.parent == DEFINITIONS else ()) for case in CASES
]
"""The rehearsals of the shipped definitions are slow: their histories are replayed anyway."""


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", MARKED, ids=lambda case: case.id)
async def test_on_the_server(case: RunCase, endings: Endings) -> None:
    await endings.check(case)
