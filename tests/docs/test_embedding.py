"""The worker and the program of the how-to, run as they stand there, against a real server."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from interpreter.temporal.dev_server.server import run_dev_server
from tests.docs.pages import DOCS, blocks
from tests.docs.test_tutorial import TUTORIAL, write

PAGE = DOCS / "how-to" / "embed-in-your-worker.md"


@pytest.mark.slow
@pytest.mark.server
async def test_the_worker_carries_out_what_the_program_starts(tmp_path: Path) -> None:
    for block in (*blocks(TUTORIAL), *blocks(PAGE)):
        if block.file is not None:
            write(block, tmp_path)
    expected = next(block.text for block in blocks(PAGE) if block.language == "text")
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
    assert said.decode() == expected, errors.decode()


async def _python(file: str, folder: Path, address: str) -> asyncio.subprocess.Process:
    environment = {**os.environ, "TEMPORAL_ADDRESS": address}
    return await asyncio.create_subprocess_exec(
        sys.executable, file, cwd=folder, env=environment, stdout=PIPE, stderr=PIPE
    )
