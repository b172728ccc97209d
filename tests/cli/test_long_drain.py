"""A worker drains for the ten minutes that an activity takes, and is asked for its health all the time."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import urllib.error
from collections import Counter
from pathlib import Path

import pytest

from interpreter.temporal.dev_server.server import DevServer
from stepfile import prepare, read_text, start
from tests.cli.running_command import run_in_background
from tests.support.metrics import find_free_port
from tests.support.probes import DRAINS, Probe, probe, wait_for_readiness
from tests.support.waiting import until

MINUTES = float(os.environ.get("DRAIN_MINUTES", "10"))
"""How long the activity takes; fewer are for those who change this test."""

BETWEEN_PROBES = 2.0
"""Seconds."""

NEW_WORK = 15
"""After so many probes a new run is started."""

ACTIVITIES = f"""
import asyncio
import os
from pathlib import Path
from temporalio import activity

def note(what):
    with Path(what).open("a") as file:
        file.write(f"{{os.getpid()}}\\n")

@activity.defn
async def outlast():
    note("began")
    await asyncio.sleep({MINUTES * 60})
    note("ended")
    return os.getpid()

@activity.defn
async def answer():
    return os.getpid()
"""
DEFINITION = """
dsl: "1"
name: drained
defaults: {{timeouts: {{start_to_close: 15m}}}}
steps: [{{id: step, activity: {activity}}}]
output: ${{ steps.step.result }}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with an activity that lasts."""
    (tmp_path / "shop.py").write_text(ACTIVITIES)
    (tmp_path / "pyproject.toml").write_text('[tool.stepfile]\nactivities = ["shop"]\n')
    return tmp_path


@pytest.mark.drill
@pytest.mark.timeout(1200)
async def test_a_drain_that_takes_ten_minutes(server: DevServer, task_queue: str, shop: Path) -> None:
    client = await server.connect()
    at = ("--address", server.address, "--task-queue", task_queue, "--graceful-shutdown", "15m")
    ports = find_free_port(), find_free_port()
    long, short = (prepare(read_text(DEFINITION.format(activity=name))) for name in ("outlast", "answer"))
    with run_in_background("worker", *at, "--health-address", f"127.0.0.1:{ports[0]}", cwd=shop) as old:
        await wait_for_readiness(ports[0])
        run = await start(client, long, task_queue=task_queue)
        await until((shop / "began").exists, "the activity has begun")
        [old_process] = old.list_processes()
        old.send_signal(signal.SIGTERM)
        old.wait_for_output("shutting down")
        with run_in_background("worker", *at, "--health-address", f"127.0.0.1:{ports[1]}", cwd=shop) as new:
            await wait_for_readiness(ports[1])
            [new_process] = new.list_processes()
            answers: Counter[Probe] = Counter()
            answered_by: Counter[int] = Counter()
            probes = 0
            while not (shop / "ended").exists():
                answers.update(_ask(ports[0], shop))
                probes += 1
                if probes % NEW_WORK == 1:
                    handle = await start(client, short, task_queue=task_queue)
                    answered_by[await handle.result()] += 1
                await asyncio.sleep(BETWEEN_PROBES)
            assert old.wait_for_exit(within=30) == 0
            took = time.time() - (shop / "ended").stat().st_mtime
            print(f"{answers}, {answered_by}; the process has ended {took:.1f} s after the activity")
            assert await run.result() == old_process
    assert set(answers) == {
        Probe(503, "not ready", DRAINS, task_queue),
        Probe(200, "live", "", task_queue),
    }
    assert set(answered_by) == {new_process}
    assert (shop / "began").read_text() == (shop / "ended").read_text() == f"{old_process}\n"


def _ask(port: int, shop: Path) -> list[Probe]:
    """Ask a worker whether it is ready and live; it may have ended if its activity has."""
    try:
        return [probe(port), probe(port, "/livez")]
    except urllib.error.URLError:
        assert (shop / "ended").exists()
        return []
