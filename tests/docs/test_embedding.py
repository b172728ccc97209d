"""The worker and the program of the how-to, run as they stand there, against a real server."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from temporalio.common import VersioningBehavior

from interpreter.temporal.dev_server.server import run_dev_server
from tests.docs.pages import DOCS, blocks
from tests.docs.test_tutorial import TUTORIAL, write
from tests.support.deployments import Deployment, read_versioning_behavior

PAGE = DOCS / "how-to" / "embed-in-your-worker.md"


@pytest.mark.slow
@pytest.mark.server
async def test_the_worker_carries_out_what_the_program_starts(tmp_path: Path) -> None:
    _write_files(tmp_path)
    async with (
        run_dev_server() as server
    ):  # of its own: the workflow id on the page is not ours to make unique
        worker = await _python("worker.py", tmp_path, server.address)
        try:
            program = await _python("place_order.py", tmp_path, server.address)
            said, errors = await asyncio.wait_for(program.communicate(), 60)
        finally:
            worker.kill()
            await worker.communicate()
    # Not what stands in the errors: a thread of temporalio may crash Python 3.11 when the program is already over.
    assert said.decode() == _find_result(), errors.decode()


@pytest.mark.slow
@pytest.mark.server
async def test_the_worker_with_a_version(tmp_path: Path) -> None:
    _write_files(tmp_path)
    async with run_dev_server() as server:
        client = await server.connect()
        deployment = Deployment(client, "shop")
        worker = await _python("versioned_worker.py", tmp_path, server.address, BUILD_ID="7")
        try:
            await deployment.wait_for_version("7")
            await deployment.set_current("7")
            program = await _python("place_order.py", tmp_path, server.address)
            said, errors = await asyncio.wait_for(program.communicate(), 60)
            assert said.decode() == _find_result(), errors.decode()
            reminder = await client.start_workflow("Reminder", "order-17", id="reminder", task_queue="shop")
            assert await reminder.result() == "order-17 was not forgotten"
        finally:
            worker.kill()
            await worker.communicate()
        assert await read_versioning_behavior(client, "order-17") is VersioningBehavior.AUTO_UPGRADE
        assert await read_versioning_behavior(client, "reminder") is VersioningBehavior.PINNED


def _write_files(folder: Path) -> None:
    for block in (*blocks(TUTORIAL), *blocks(PAGE)):
        if block.file is not None:
            write(block, folder)


def _find_result() -> str:
    return next(block.text for block in blocks(PAGE) if block.language == "text")


async def _python(file: str, folder: Path, address: str, **variables: str) -> asyncio.subprocess.Process:
    environment = {**os.environ, "TEMPORAL_ADDRESS": address, **variables}
    return await asyncio.create_subprocess_exec(
        sys.executable, file, cwd=folder, env=environment, stdout=PIPE, stderr=PIPE
    )
