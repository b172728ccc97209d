"""A command ends with the exit code that it means, whatever happens to its output and to the runtime."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from os import environ
from pathlib import Path

import pytest

from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from tests.support.processes import python

REPETITIONS = 9
"""How many processes are run; with `sys.exit` instead of `exit_process`, 11 of 12 such processes never ended."""

SUBMIT = """
# This does what `submit --wait` does at Ctrl-C, twenty times.
import asyncio, sys, uuid
from temporalio.client import Client
from interpreter.cli.process.exit import exit_process

async def main():
    client = await Client.connect(sys.argv[1])
    handle = await client.start_workflow("any", id=str(uuid.uuid4()), task_queue="nobody-listens")
    waiting = [asyncio.create_task(handle.result()) for _ in range(20)]
    await asyncio.wait(waiting, timeout=0.05)  # then `asyncio.run` cancels them, as at Ctrl-C

asyncio.run(main())
print("submitted")
exit_process(int(sys.argv[2]))
"""

BUFFERED = {**environ, "PYTHONUNBUFFERED": ""}
PRINT = """
import sys
from interpreter.cli.process.exit import exit_process
sys.stdin.read()
print("little enough to wait in the buffer")
exit_process(int(sys.argv[1]))
"""


INTERRUPT_TWICE = """
import asyncio, os, signal
from interpreter.cli.process.interrupts import Interrupts

async def main():
    interrupts = Interrupts(asyncio.current_task())
    interrupts.start_at_first_signal(lambda: asyncio.sleep(0))
    interrupts.call_at_second_signal(lambda: {}["no such key"])
    interrupts.listen()
    for _ in range(2):
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0.1)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_the_second_signal_ends_the_process_whatever_its_actions_do() -> None:
    assert python(INTERRUPT_TWICE, timeout=20).returncode == ExitCode.INTERRUPTED


def test_every_client_process_ends_as_it_means(server: DevServer) -> None:
    codes = [ExitCode.SUCCESS, ExitCode.FAILED, ExitCode.INTERRUPTED] * (REPETITIONS // 3)
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda code: python(SUBMIT, server.address, str(int(code)), timeout=20), codes))
    assert [(one.returncode, one.stdout, one.stderr) for one in ended] == [
        (code, "submitted\n", "") for code in codes
    ]


@pytest.mark.parametrize("code", [ExitCode.SUCCESS, ExitCode.FAILED])
def test_a_reader_that_has_gone_away_is_no_failure(code: ExitCode) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PRINT, str(int(code))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=BUFFERED,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == ""
        assert process.wait(20) == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    ("meant", "ends"), [(ExitCode.SUCCESS, ExitCode.FAILED), (ExitCode.BUG, ExitCode.BUG)]
)
def test_output_that_was_lost_is_no_success(meant: ExitCode, ends: ExitCode) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-c", PRINT, str(int(meant))],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            env=BUFFERED,
            text=True,
            timeout=20,
            check=False,
        )
    assert ended.stderr == "stepfile: can't write the output: No space left on device\n"
    assert ended.returncode == ends


def test_streams_may_be_closed_already() -> None:
    ended = python(
        "import sys; from interpreter.cli.process.exit import exit_process; sys.stdout.close(); exit_process(0)"
    )
    assert (ended.returncode, ended.stderr) == (0, "")
