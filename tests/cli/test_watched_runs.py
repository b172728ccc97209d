"""What a person sees while a run runs: why it waits, what fails meanwhile, and what is left to undo."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from signal import SIGINT, SIGKILL

import pytest

from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from tests.cli.running_command import run_in_background
from tests.support.processes import stepfile

ACTIVITIES = """
from temporalio import activity
from temporalio.exceptions import ApplicationError


@activity.defn
async def do(what: str) -> str:
    activity.logger.info("doing %s", what)
    if what.startswith("bad"):
        raise ApplicationError(f"{what} is out of order", type="OutOfOrder", non_retryable=True)
    return what


@activity.defn
async def fail(what: str) -> None:
    raise ConnectionError(f"no line to {what}")
"""

HEAD = """\
dsl: "1"
name: watched
input: {}
defaults: {timeouts: {start_to_close: 30s}, retry: {initial_interval: 1s, backoff_coefficient: 1}}
"""


@pytest.fixture
def env(server: DevServer) -> Mapping[str, str]:
    """Return the environment that names the server."""
    return {"TEMPORAL_ADDRESS": server.address}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make the folder of a project."""
    (tmp_path / "shop_activities.py").write_text(ACTIVITIES)
    (tmp_path / "pyproject.toml").write_text('[tool.stepfile]\nactivities = ["shop_activities"]\n')
    return tmp_path


def write(folder: Path, steps: str) -> None:
    """Write the definition `watched.yaml`."""
    (folder / "watched.yaml").write_text(HEAD + steps)


def test_a_step_waits_for_a_worker_of_its_queue(
    folder: Path, env: Mapping[str, str], task_queue: str
) -> None:
    write(folder, "steps: [{id: pay, activity: do, args: [x], task_queue: payments}]\n")
    with run_in_background("run", "watched.yaml", "--id", task_queue, cwd=folder, env=env) as run:
        run.wait_for_output('pay  waiting     (attempt 1, waits for a worker on "payments", for ')
        assert 'waits for a worker on "payments"' in stepfile("status", task_queue, env=env).stdout


def test_a_step_that_no_worker_has_started_in_time(folder: Path, env: Mapping[str, str]) -> None:
    timeouts = "timeouts: {start_to_close: 30s, schedule_to_start: 1s}"
    write(folder, f"steps: [{{id: pay, activity: do, args: [x], task_queue: payments, {timeouts}}}]\n")
    ended = stepfile("run", "watched.yaml", cwd=folder, env=env)
    assert ended.returncode == ExitCode.FAILED
    error = 'Timeout.ScheduleToStart: no worker on task queue "payments" has started it within 1s'
    assert error in ended.stderr


def test_the_wait_before_the_next_attempt(folder: Path, env: Mapping[str, str], task_queue: str) -> None:
    write(folder, "steps: [{id: call, activity: fail, args: [x], retry: {initial_interval: 1h}}]\n")
    with run_in_background("run", "watched.yaml", "--id", task_queue, cwd=folder, env=env) as run:
        run.wait_for_output("no line to x")
        told = r"call  retrying +\(attempt 2, (for \d+ s, )?next attempt in \d.*: ConnectionError: no line to x\)"
        assert re.search(told, run.stderr)
        assert re.search(told, stepfile("status", task_queue, env=env).stdout)


BREAKER = """\
circuit_breakers: {bank: {scope: workflow, failure_threshold: 2, wait_duration_in_open_state: 1h}}
steps: [{id: call, activity: fail, args: [x], circuit_breaker: {name: bank, on_open: wait}}]
"""


def test_a_log_line_that_can_not_be_formatted_fails_no_activity(
    folder: Path, env: Mapping[str, str], task_queue: str
) -> None:
    (folder / "shop_activities.py").write_text(ACTIVITIES.replace('"doing %s"', '"doing %d"'))
    write(folder, "steps: [{id: one, activity: do, args: [x], retry: {maximum_attempts: 1}}]\n")
    ended = stepfile("run", "watched.yaml", "--verbose", "--id", task_queue, cwd=folder, env=env)
    assert ended.returncode == ExitCode.SUCCESS
    assert "doing %d" in ended.stderr


def test_a_step_behind_a_circuit_breaker(folder: Path, env: Mapping[str, str], task_queue: str) -> None:
    write(folder, BREAKER)
    with run_in_background("run", "watched.yaml", "--id", task_queue, cwd=folder, env=env) as run:
        run.wait_for_output("circuit breaker bank: open, lets no call through for ")
        told = (
            r'call  retrying +\(attempt 2, waits for circuit breaker "bank", '
            r"next attempt in (1 h|59 min.*): ConnectionError: no line to x\)"
        )
        status = stepfile("status", task_queue, env=env).stdout
        assert re.search(told, status)
        assert "breaker     bank: open, lets no call through for " in status


def test_items_by_their_keys_and_the_last_letters(
    folder: Path, env: Mapping[str, str], task_queue: str
) -> None:
    names = ", ".join([*(f"bad{number}" for number in range(12)), "good"])
    write(
        folder,
        f"""\
dead_letter_queues: {{lost: {{activity: keep}}}}
steps:
  - id: all
    for_each: [{names}]
    as: name
    key: ${{ name }}
    dead_letter: {{queue: lost}}
    steps: [{{id: one, activity: do, args: ["${{ name }}"]}}]
  - {{id: gate, wait: 1h}}
""",
    )
    code = (folder / "shop_activities.py").read_text()
    (folder / "shop_activities.py").write_text(
        f"{code}\n\n@activity.defn\nasync def keep(letter: dict) -> None:\n    pass\n"
    )
    with run_in_background(
        "run", "watched.yaml", "--verbose", "--id", task_queue, cwd=folder, env=env
    ) as run:
        run.wait_for_output("gate ")
        assert "all[0]/one: INFO: doing bad0\n" in run.stderr
        lines = stepfile("status", task_queue, env=env).stdout.splitlines()
        assert any(re.match(r"  all +completed +\(13 of 13, 12 failed, ", line) for line in lines)
        assert any(
            re.match(r"    all\[bad11\] +failed +\(OutOfOrder: bad11 is out of order\)", line)
            for line in lines
        )
        run.send_signal(SIGINT)
        assert run.wait_for_exit() == ExitCode.INTERRUPTED
        letters = [line for line in run.stderr.splitlines() if line.startswith("  dead letter: ")]
        assert len(letters) == 10
        assert letters[-1].endswith(": OutOfOrder: bad11 is out of order")
        assert "  2 earlier dead letters are not listed\n" in run.stderr


def test_what_an_activity_logs_is_not_shown_unless_asked_for(folder: Path, env: Mapping[str, str]) -> None:
    write(folder, "steps: [{id: one, activity: do, args: [x]}]\n")
    assert "doing x" not in stepfile("run", "watched.yaml", cwd=folder, env=env).stderr


UNDO = """\
steps:
  - id: items
    for_each: [a, b]
    key: ${ item }
    steps:
      - {id: book, activity: do, args: [x], compensate: {activity: fail, args: [undo]}}
  - {id: hotel, activity: do, args: [y], compensate: {steps: [{id: call_hotel, activity: fail, args: [hotel]}]}}
  - {id: gate, wait: 1h}
"""


def test_what_can_not_be_undone_shows_its_retries_and_what_is_left(
    folder: Path, env: Mapping[str, str], task_queue: str
) -> None:
    write(folder, UNDO)
    with run_in_background("run", "watched.yaml", "--id", task_queue, cwd=folder, env=env) as run:
        run.wait_for_output("gate ")
        run.send_signal(SIGINT)
        run.wait_for_output("(attempt 3, ")
        assert re.search(
            r"call_hotel +retrying +\(attempt 3, .*ConnectionError: no line to hotel\)", run.stderr
        )
        run.send_signal(SIGINT)
        assert run.wait_for_exit() == ExitCode.INTERRUPTED
        assert "NOT undone: hotel, items[b]/book, items[a]/book\n" in run.stderr
        assert (
            "the run goes on as soon as a worker is there: stepfile worker --task-queue stepfile-run-"
            in run.stderr
        )


def test_the_undoing_of_an_item_that_is_over(folder: Path, env: Mapping[str, str], task_queue: str) -> None:
    block = UNDO.index("  - {id: hotel")
    write(folder, UNDO[:block] + UNDO[UNDO.index("  - {id: gate") :])
    with run_in_background("run", "watched.yaml", "--id", task_queue, cwd=folder, env=env) as run:
        run.wait_for_output("gate ")
        run.send_signal(SIGINT)
        run.wait_for_output("(attempt 2, ")
        assert re.search(
            r"items\[b\]/book +undoing +\(attempt 2, .*ConnectionError: no line to undo\)", run.stderr
        )


@pytest.mark.slow
def test_who_follows_a_run_is_told_that_its_worker_is_gone(
    folder: Path, env: Mapping[str, str], task_queue: str
) -> None:
    write(folder, "steps: [{id: gate, wait: 1h}]\n")
    queue = ("--task-queue", task_queue)
    with run_in_background("worker", *queue, cwd=folder, env=env) as worker:
        stepfile("submit", "watched.yaml", "--id", task_queue, *queue, cwd=folder, env=env)
        with run_in_background("status", task_queue, "--follow", env=env) as following:
            following.wait_for_output("gate  running")
            worker.send_signal(SIGKILL)
            following.wait_for_output(
                f'no worker answers on task queue "{task_queue}": start one with `stepfile worker --task-queue '
                f"{task_queue}`; the last one, "
            )
            with run_in_background("worker", *queue, cwd=folder, env=env):
                stepfile("cancel", task_queue, "--wait", env=env)
                assert following.wait_for_exit() == ExitCode.FAILED
