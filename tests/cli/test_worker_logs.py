"""`stepfile worker` writes its log as text or JSON, and serves metrics."""

from __future__ import annotations

import json
import re
import signal
import socket
from pathlib import Path
from typing import get_args

import click
import pytest

from interpreter.cli.commands.worker import command
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.observing.logs import LogFormat, LogLevel
from interpreter.temporal.observing.metrics import MetricLimits
from tests.cli.running_command import run_in_background
from tests.support.metrics import find_free_port, scrape
from tests.support.processes import stepfile

ACTIVITIES = """
from temporalio import activity
from temporalio.exceptions import ApplicationError

@activity.defn
def flaky():
    print("printed")
    if activity.info().attempt < 3:
        raise ApplicationError("not yet", type="Busy")
"""
DEFINITION = """
dsl: "1"
name: flaky
version: "3"
defaults: {timeouts: {start_to_close: 10s}, retry: {initial_interval: 100ms}}
steps: [{id: step, activity: flaky}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with one activity and one definition."""
    (tmp_path / "shop.py").write_text(ACTIVITIES)
    (tmp_path / "flaky.yaml").write_text(DEFINITION)
    (tmp_path / "pyproject.toml").write_text('[tool.stepfile]\nactivities = ["shop"]\n')
    return tmp_path


def test_json_lines_and_metrics(server: DevServer, task_queue: str, shop: Path) -> None:
    port = find_free_port()
    at = ("--address", server.address, "--task-queue", task_queue)
    options = ("--log-format", "json", "--metrics-address", f"127.0.0.1:{port}")
    with run_in_background("worker", *at, *options, cwd=shop) as worker:
        worker.wait_for_output("worker on task queue")
        submitted = stepfile("submit", "flaky.yaml", *at, "--id", task_queue, "--wait", cwd=shop)
        assert submitted.returncode == 0, submitted.stderr
        metrics = scrape(port).select("stepfile_")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait_for_exit() == 0
    lines = [json.loads(line) for line in worker.stderr.splitlines()]
    assert worker.stdout == "printed\n" * 3
    about = [each for each in lines if each["workflow_id"] == task_queue]
    assert [each["event"] for each in about] == [
        "run_started",
        "attempt_failed",
        "attempt_failed",
        "run_ended",
    ]
    assert {(each["definition"], each["version"]) for each in about} == {("flaky", "3")}
    others = [each["message"] for each in lines if each["workflow_id"] is None]
    assert others[0].startswith(f'worker on task queue "{task_queue}"')
    assert others[1].startswith("shutting down: ")
    labels = "definition=flaky,step=step"
    assert metrics[f"stepfile_step_retries_total {labels}"] == 2
    assert metrics["stepfile_activity_attempts_total definition=flaky,outcome=failed,step=step"] == 2
    assert metrics["stepfile_runs_ended_total definition=flaky,outcome=completed"] == 1


def test_text_without_tracebacks(server: DevServer, task_queue: str, shop: Path) -> None:
    at = ("--address", server.address, "--task-queue", task_queue)
    with run_in_background("worker", *at, "--log-level", "warning", cwd=shop) as worker:
        worker.wait_for_output("worker on task queue")
        submitted = stepfile("submit", "flaky.yaml", *at, "--id", task_queue, "--wait", cwd=shop)
        assert submitted.returncode == 0, submitted.stderr
        worker.send_signal(signal.SIGTERM)
        assert worker.wait_for_exit() == 0
    *lines, draining, last = worker.stderr.splitlines()
    assert draining.startswith("shutting down: ")
    assert last == "stopped: no activity was cut off"
    assert len(lines) == 2
    context = f"definition=flaky version=3 workflow_id={task_queue} run_id=[-0-9a-f]{{36}} step=step"
    for attempt, line in enumerate(lines, 1):
        said = f"attempt {attempt} of step failed, and there will be another one: Busy: not yet"
        assert re.fullmatch(rf"[-0-9]+ [:,0-9]+ WARNING \S+: {said} \[{context} attempt={attempt}\]", line), (
            line
        )


def test_a_port_in_use_is_said_clearly(server: DevServer, shop: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        ended = stepfile("worker", "--address", server.address, "--metrics-address", address, cwd=shop)
    assert ended.returncode == 1
    assert ended.stderr == (
        f"stepfile: can't serve metrics at {address}: Address already in use\n"
        "hint: another program, or another worker, may listen at this port; each process needs a port of its own\n"
    )


def test_the_options_are_what_there_is() -> None:
    options = {each.name: each for each in command.params}
    limits = MetricLimits()
    assert options["metrics_max_definitions"].default == limits.definitions
    assert options["metrics_max_steps"].default == limits.steps
    for name, words in (("log_format", LogFormat), ("log_level", LogLevel)):
        kind = options[name].type
        assert isinstance(kind, click.Choice)
        assert tuple(kind.choices) == get_args(words)


def test_what_is_no_address_is_said_clearly(server: DevServer, shop: Path) -> None:
    ended = stepfile("worker", "--address", server.address, "--metrics-address", "9464", cwd=shop)
    assert ended.returncode == 1
    assert ended.stderr.startswith(
        'stepfile: "9464" is no address to serve metrics at\nhint: HOST:PORT is expected'
    )


def test_why_a_worker_does_not_start_is_a_line_of_json_too(shop: Path) -> None:
    (shop / "shop.py").write_text("import there_is_no_such_module\n")
    ended = stepfile("worker", "--log-format", "json", cwd=shop)
    assert ended.returncode == ExitCode.FAILED
    *_, line = map(json.loads, ended.stderr.splitlines())
    assert (line["level"], line["logger"]) == ("error", "stepfile.worker")
    assert "there_is_no_such_module" in line["message"]


def test_what_to_do_about_it_stands_beside_it(shop: Path) -> None:
    nobody = ("--address", f"127.0.0.1:{find_free_port()}")
    ended = stepfile("worker", *nobody, "--log-format", "json", cwd=shop)
    assert ended.returncode == ExitCode.FAILED
    *_, line = map(json.loads, ended.stderr.splitlines())
    assert "stepfile server" in line["hint"]
