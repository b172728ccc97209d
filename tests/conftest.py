"""Fixtures of all tests: a real dev server for the session, clients of it, virtual time, scratch projects."""

from __future__ import annotations

import os
import shutil
import signal
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from interpreter.temporal.dev_server.launch import find_test_server
from interpreter.temporal.dev_server.server import DevServer, run_dev_server

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background by a shell. The commands that tests start would inherit it, and be deaf to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

TESTS = Path(__file__).parent
ROOT = TESTS.parent


COVERING = ("docs", "dsl", "golden", "interpreter", "replay", "runs")
"""The folders with the tests that together reach the lines of the pure core. A test takes twice its time while
coverage is measured. So tests elsewhere do without it, and so do those here that come through the same lines again
and again: they have the mark `no_cover` of pytest-cov."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark with `server` what needs one, so that `-m "not server"` is the fast suite."""
    for item in items:
        if {"server", "time_skipping"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("server")
        if item.path.relative_to(TESTS).parts[0] not in COVERING:
            item.add_marker("no_cover")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(error: object) -> None:
    """End all tests if a process of them has crashed: its other tests are lost, and pytest-xdist might wait for ever
    (its issue 1378)."""
    if error:
        pytest.exit(f"a process of tests has crashed: {error}", returncode=3)


@pytest.fixture(scope="session", autouse=True)
def _nothing_configured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hide the Temporal that the developer has configured: no test may reach it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("TEMPORAL_")]:
            patch.delenv(name)
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(_nothing_configured: None) -> AsyncIterator[DevServer]:
    """The dev server that all tests share; keep apart by task queues and workflow ids."""
    async with run_dev_server() as running:
        yield running


@pytest_asyncio.fixture
async def client(server: DevServer) -> Client:
    """A client of the shared dev server, of this test's event loop."""
    return await server.connect()


@pytest.fixture
def task_queue(request: pytest.FixtureRequest) -> str:
    """A task queue, or prefix of workflow ids, that no other test uses."""
    return f"{request.node.name}-{uuid.uuid4().hex[:8]}"


@pytest_asyncio.fixture
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A server with virtual time, of this test alone: after a cancel its clock may stay locked."""
    program = find_test_server()
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(program) if program else None
    )
    async with environment:
        yield environment


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A scratch copy of the shipped definitions with the project file, to change and to run commands in."""
    copy = tmp_path / "project"
    shutil.copytree(ROOT / "definitions", copy / "definitions", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy
