"""What `stepfile worker` says when it ends: whether all activities could end, in lines that are about the worker."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from interpreter.temporal.dev_server.server import DevServer
from tests.cli.running_command import run_in_background
from tests.support.processes import stepfile
from tests.support.waiting import until

ACTIVITIES = """
import asyncio, time
from pathlib import Path
from temporalio import activity

@activity.defn
async def answer():
    return 1

@activity.defn
async def outlast():
    Path("began").touch()
    await asyncio.sleep(600)

@activity.defn
def block():
    Path("began").touch()
    for _ in range(600):
        try:
            time.sleep(0.1)
        except BaseException:
            pass

@activity.defn
async def finish():
    Path("began").touch()
    try:
        await asyncio.sleep(600)
    except asyncio.CancelledError:
        return "brought to its end"
"""
DEFINITION = """
dsl: "1"
name: ends
defaults: {{timeouts: {{start_to_close: 15m}}, retry: {{maximum_attempts: 3}}}}
circuit_breakers: {{worker-ends: {{failure_threshold: 3, wait_duration_in_open_state: 1s}}}}
steps: [{{id: step, activity: {activity}, circuit_breaker: worker-ends}}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with a definition for each activity."""
    (tmp_path / "shop.py").write_text(ACTIVITIES)
    for activity in ("answer", "outlast", "block", "finish"):
        (tmp_path / f"{activity}.yaml").write_text(DEFINITION.format(activity=activity))
    (tmp_path / "pyproject.toml").write_text('[tool.stepfile]\nactivities = ["shop"]\n')
    return tmp_path


def test_lines_about_the_worker_name_no_run(server: DevServer, task_queue: str, shop: Path) -> None:
    at = ("--address", server.address, "--task-queue", task_queue)
    with run_in_background("worker", *at, "--log-format", "json", cwd=shop) as worker:
        worker.wait_for_output("worker on task queue")
        submitted = stepfile("submit", "answer.yaml", *at, "--wait", cwd=shop)
        assert submitted.returncode == 0, submitted.stderr
        worker.send_signal(signal.SIGTERM)
        assert worker.wait_for_exit() == 0
    lines = [json.loads(line) for line in worker.stderr.splitlines()]
    about = [each for each in lines if each["logger"] == "temporalio.worker._worker"]
    assert about, "the worker of the breakers has ended, too"
    assert [each for each in about if each["workflow_id"] is not None] == []
    assert lines[-1]["message"] == "stopped: no activity was cut off"


@pytest.mark.parametrize(
    ("activity", "said"),
    [
        (
            "outlast",
            "stopped: 1 activity was cut off; what its retry policy allows, another worker tries again",
        ),
        (
            "block",
            "stopped: 1 activity was cut off; what its retry policy allows, another worker tries again",
        ),
        ("finish", "stopped: no activity was cut off"),
    ],
)
@pytest.mark.slow
async def test_whether_the_drain_was_clean(
    server: DevServer, task_queue: str, shop: Path, activity: str, said: str
) -> None:
    at = ("--address", server.address, "--task-queue", task_queue)
    with run_in_background("worker", *at, "--graceful-shutdown", "200ms", cwd=shop) as worker:
        worker.wait_for_output("worker on task queue")
        assert stepfile("submit", f"{activity}.yaml", *at, cwd=shop).returncode == 0
        await until((shop / "began").exists, "the activity has begun")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait_for_exit(within=30) == 0
    assert said in worker.stderr.splitlines()


async def test_a_second_signal_says_what_it_cuts_off(server: DevServer, task_queue: str, shop: Path) -> None:
    at = ("--address", server.address, "--task-queue", task_queue)
    with run_in_background("worker", *at, "--graceful-shutdown", "10m", cwd=shop) as worker:
        worker.wait_for_output("worker on task queue")
        assert stepfile("submit", "outlast.yaml", *at, cwd=shop).returncode == 0
        await until((shop / "began").exists, "the activity has begun")
        worker.send_signal(signal.SIGTERM)
        worker.wait_for_output("shutting down: ")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait_for_exit(within=20) == 130
    assert worker.stderr.splitlines()[-1].startswith("stopped: 1 activity was cut off")
