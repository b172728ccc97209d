"""`stepfile worker --health-address` answers the probes of whoever starts workers."""

from __future__ import annotations

import signal
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from interpreter.temporal.dev_server.server import DevServer, run_dev_server
from tests.cli.running_command import run_in_background
from tests.support.metrics import find_free_port
from tests.support.probes import DRAINS, Probe, probe, wait_for_readiness
from tests.support.processes import stepfile
from tests.support.waiting import until

ACTIVITIES = """
import asyncio
import threading
from pathlib import Path
from temporalio import activity

@activity.defn
async def outlast():
    Path("began").touch()
    await asyncio.sleep(600)

@activity.defn
async def block():
    Path("began").touch()
    threading.Event().wait(20)
"""
DEFINITION = """
dsl: "1"
name: slow
defaults: {timeouts: {start_to_close: 15m}}
steps: [{id: step, activity: outlast}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with activities that last."""
    (tmp_path / "shop.py").write_text(ACTIVITIES)
    (tmp_path / "slow.yaml").write_text(DEFINITION)
    (tmp_path / "block.yaml").write_text(DEFINITION.replace("outlast", "block"))
    (tmp_path / "pyproject.toml").write_text('[tool.stepfile]\nactivities = ["shop"]\n')
    return tmp_path


@pytest.mark.slow
async def test_a_worker_that_drains_is_live_and_not_ready(
    server: DevServer, task_queue: str, shop: Path
) -> None:
    port = find_free_port()
    at = ("--address", server.address, "--task-queue", task_queue)
    health = ("--health-address", f"127.0.0.1:{port}", "--graceful-shutdown", "10m")
    with run_in_background("worker", *at, *health, cwd=shop) as worker:
        worker.wait_for_output("worker on task queue")
        await wait_for_readiness(port)
        assert probe(port) == Probe(200, "ready", "", task_queue)
        assert probe(port, "/livez") == Probe(200, "live", "", task_queue)
        assert probe(port, "/metrics") == Probe(404, "unknown path", "ask for /livez or /readyz", task_queue)
        assert stepfile("submit", "slow.yaml", *at, "--id", task_queue, cwd=shop).returncode == 0
        await until((shop / "began").exists, "the activity has begun")
        worker.send_signal(signal.SIGTERM)
        worker.wait_for_output("shutting down")
        assert probe(port) == Probe(503, "not ready", DRAINS, task_queue)
        assert probe(port, "/livez").code == 200


@pytest.mark.slow
async def test_a_worker_is_ready_again_when_the_server_is_back(tmp_path: Path, shop: Path) -> None:
    port, file = find_free_port(), tmp_path / "temporal.db"

    with ExitStack() as stack:
        async with run_dev_server(db=file) as server:
            server_port = int(server.address.rpartition(":")[2])
            options = ("--address", server.address, "--health-address", f"127.0.0.1:{port}")
            worker = stack.enter_context(run_in_background("worker", *options, cwd=shop))
            worker.wait_for_output("worker on task queue")
            await wait_for_readiness(port)
        assert "the server does not answer" in await wait_for_readiness(port, 503)
        assert probe(port, "/livez").code == 200
        async with run_dev_server(db=file, port=server_port):
            await wait_for_readiness(port)


@pytest.mark.slow
async def test_a_blocked_event_loop_is_not_live(server: DevServer, task_queue: str, shop: Path) -> None:
    port = find_free_port()
    at = ("--address", server.address, "--task-queue", task_queue)
    with run_in_background("worker", *at, "--health-address", f"127.0.0.1:{port}", cwd=shop) as worker:
        worker.wait_for_output("worker on task queue")
        assert stepfile("submit", "block.yaml", *at, "--id", task_queue, cwd=shop).returncode == 0
        await until((shop / "began").exists, "the activity has begun")
        problem = "the event loop of the worker has not answered within 5 s"
        assert probe(port, "/livez") == Probe(503, "not live", problem, task_queue)


@pytest.mark.slow
async def test_readiness_is_of_the_queue_that_the_worker_polls(
    server: DevServer, task_queue: str, shop: Path
) -> None:
    """A worker can't know that runs are sent elsewhere, so the answer names its queue."""
    port, wrong = find_free_port(), f"{task_queue}-misspelt"
    options = ("--address", server.address, "--task-queue", wrong, "--health-address", f"127.0.0.1:{port}")
    with run_in_background("worker", *options, cwd=shop) as worker:
        worker.wait_for_output("worker on task queue")
        await wait_for_readiness(port)
        assert probe(port).task_queue == wrong


@pytest.mark.parametrize(
    "address", ["8080", "127.0.0.1:808O", "http://127.0.0.1:8080", "nowhere.invalid:8080"]
)
def test_what_is_no_address_is_said_clearly(server: DevServer, shop: Path, address: str) -> None:
    ended = stepfile("worker", "--address", server.address, "--health-address", address, cwd=shop)
    assert ended.returncode == 1
    assert f'"{address}"' in ended.stderr
    assert "health at" in ended.stderr


def test_a_port_in_use_is_said_clearly(server: DevServer, shop: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        ended = stepfile("worker", "--address", server.address, "--health-address", address, cwd=shop)
    assert ended.returncode == 1
    assert ended.stderr.startswith(
        f"stepfile: can't serve health at {address}: Address already in use\nhint: "
    )


def test_an_address_of_another_machine_is_said_clearly(server: DevServer, shop: Path) -> None:
    ended = stepfile("worker", "--address", server.address, "--health-address", "192.0.2.1:8080", cwd=shop)
    assert ended.returncode == 1
    assert ended.stderr.startswith(
        "stepfile: can't serve health at 192.0.2.1:8080: Cannot assign requested address\n"
        "hint: this machine has no such address; "
    )
