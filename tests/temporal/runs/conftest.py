"""Servers of these tests: beside the one that all tests share, one that has our search attributes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from temporalio.client import Client

from interpreter.temporal.client.search_attributes import register_search_attributes
from interpreter.temporal.dev_server.server import DevServer, run_dev_server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def indexed_server() -> AsyncIterator[DevServer]:
    """A dev server that has our search attributes."""
    async with run_dev_server() as running:
        await register_search_attributes(await running.connect())
        yield running


@pytest_asyncio.fixture
async def indexed(indexed_server: DevServer) -> Client:
    """A client of the server that has our search attributes."""
    return await indexed_server.connect()


@pytest.fixture(params=["without attributes", "with attributes"])
def any_server(request: pytest.FixtureRequest, server: DevServer, indexed_server: DevServer) -> DevServer:
    """Each of the two servers, one after the other."""
    return server if request.param == "without attributes" else indexed_server


@pytest.fixture
def definition(task_queue: str) -> str:
    """The name of a definition that no other test uses."""
    return re.sub(r"\W+", "-", task_queue)[-60:].strip("-")
