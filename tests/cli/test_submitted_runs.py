"""`submit` starts a run, `worker` carries it out, and `status` and `cancel` look after it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from signal import SIGINT, SIGTERM

import pytest

from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from tests.cli.running_command import run_in_background
from tests.support.processes import stepfile

ORDER = ("--input", "item=tea", "--input", "card=visa")
RESULT = {"reservation": "reserved tea", "charge": "charged visa"}


@pytest.fixture
def env(server: DevServer) -> Mapping[str, str]:
    """Return the environment that names the server."""
    return {"TEMPORAL_ADDRESS": server.address}


def test_from_submit_to_the_result(shop: Path, env: Mapping[str, str], task_queue: str) -> None:
    queue = ("--task-queue", task_queue)
    gate = shop / "gate"
    inputs = (*ORDER, "--input", f"gate={gate}")
    with run_in_background("worker", *queue, cwd=shop, env=env) as worker:
        worker.wait_for_output(
            f'worker on task queue "{task_queue}" of {env["TEMPORAL_ADDRESS"]} (namespace default)'
        )
        assert "charge, release, reserve, wait_for_file" in worker.stdout

        submitted = stepfile("submit", "order.yaml", *inputs, "--id", task_queue, *queue, cwd=shop, env=env)
        assert (submitted.returncode, submitted.stdout) == (ExitCode.SUCCESS, f"{task_queue}\n"), (
            submitted.stderr
        )
        assert f"stepfile status {task_queue} --follow" in submitted.stderr

        twice = stepfile("submit", "order.yaml", *inputs, "--id", task_queue, *queue, cwd=shop, env=env)
        assert twice.returncode == ExitCode.FAILED
        assert f'a run with the id "{task_queue}" is running already' in twice.stderr

        with run_in_background("status", task_queue, "--follow", cwd=shop, env=env) as following:
            following.wait_for_output("gate     running")
            following.send_signal(SIGINT)
            assert following.wait_for_exit() == ExitCode.INTERRUPTED
            assert "the run continues" in following.stderr

        with run_in_background("status", task_queue, "--follow", cwd=shop, env=env) as following:
            following.wait_for_output("gate     running")
            worker.send_signal(SIGTERM)
            worker.wait_for_output("shutting down")
            gate.touch()
            assert worker.wait_for_exit() == ExitCode.SUCCESS, "the running activity has ended in time"
            with run_in_background("worker", *queue, cwd=shop, env=env) as another:
                assert following.wait_for_exit() == ExitCode.SUCCESS
                assert json.loads(following.stdout) == RESULT

                status = stepfile("status", task_queue, "--json", env=env)
                assert status.returncode == ExitCode.SUCCESS
                record = json.loads(status.stdout)
                assert (record["status"], record["result"]) == ("completed", RESULT)
                assert [step["attempts"] for step in record["steps"]] == [1, 1, 2]

                status = stepfile("status", task_queue, env=env)
                assert "definition  order 2.1.0 (" in status.stdout
                assert "  gate     completed   (attempt 1, " in status.stdout
                assert '"charge": "charged visa"' in status.stdout

                late = stepfile("cancel", task_queue, env=env)
                assert late.returncode == ExitCode.FAILED
                assert f'the run "{task_queue}" has ended already' in late.stderr
                another.send_signal(SIGINT)
                assert another.wait_for_exit() == ExitCode.INTERRUPTED


@pytest.mark.slow
def test_a_run_is_cancelled_by_another_command(shop: Path, env: Mapping[str, str], task_queue: str) -> None:
    options = ("--task-queue", task_queue, "--id", task_queue)
    with run_in_background(
        "submit", "order.yaml", *ORDER, "--input", "gate=never", *options, "--wait", cwd=shop, env=env
    ) as run:
        run.wait_for_output(
            f'no worker answers on task queue "{task_queue}": start one with `stepfile worker --task-queue '
        )
        status = stepfile("status", task_queue, env=env)
        assert status.returncode == ExitCode.SUCCESS
        assert "no worker answers" in status.stdout
        assert f"{task_queue} running" in status.stdout
        assert json.loads(stepfile("status", task_queue, "--json", env=env).stdout)["steps"] is None

        with run_in_background("worker", "--task-queue", task_queue, cwd=shop, env=env):
            run.wait_for_output("gate     running")
            cancelled = stepfile("cancel", task_queue, "--wait", env=env)
            assert cancelled.returncode == ExitCode.SUCCESS, cancelled.stderr
            assert f"{task_queue} cancelled after" in cancelled.stderr
            assert "undone: reserve" in cancelled.stderr
            assert run.wait_for_exit() == ExitCode.FAILED
            assert "undone: reserve" in run.stderr


def test_a_run_that_does_not_exist(env: Mapping[str, str]) -> None:
    for command in ("status", "cancel"):
        ended = stepfile(command, "nobody", env=env)
        assert (ended.returncode, ended.stdout) == (ExitCode.FAILED, "")
        assert 'there is no run with the id "nobody"' in ended.stderr


def test_a_worker_can_do_without_activities(shop: Path, env: Mapping[str, str], task_queue: str) -> None:
    (shop / "pyproject.toml").unlink()
    (shop / "plain.yaml").write_text(
        '{dsl: "1", name: plain, output: "${ 1 + 1 }", steps: [{id: a, wait: 1ms}]}'
    )
    with run_in_background("worker", "--task-queue", task_queue, cwd=shop, env=env) as worker:
        worker.wait_for_output("without activities of its own")
        worker.wait_for_output("no activities are configured: a step that calls one will fail")
        options = ("--task-queue", task_queue, "--id", task_queue, "--wait")
        ended = stepfile("submit", "plain.yaml", *options, cwd=shop, env=env)
    assert ended.returncode == ExitCode.SUCCESS, ended.stderr


def test_a_worker_needs_the_activities_that_are_named(shop: Path, env: Mapping[str, str]) -> None:
    ended = stepfile("worker", "--activities", "shop.nothing", cwd=shop, env=env)
    assert ended.returncode == ExitCode.FAILED
    assert "can't import shop.nothing" in ended.stderr


def test_submit_does_not_need_the_code_of_the_activities(
    shop: Path, env: Mapping[str, str], task_queue: str
) -> None:
    (shop / "shop_activities.py").unlink()
    ended = stepfile("submit", "order.yaml", *ORDER, "--task-queue", task_queue, "--json", cwd=shop, env=env)
    assert ended.returncode == ExitCode.SUCCESS, ended.stderr
    assert "calls are not checked against the activities: can't import shop_activities" in ended.stderr
    assert set(json.loads(ended.stdout)) == {"workflow_id", "run_id"}


def test_a_server_of_ones_own(tmp_path: Path) -> None:
    command = ("server", "--port", "0", "--ui-port", "0", "--db", tmp_path / "temporal.db")
    with run_in_background(*command) as server:
        server.wait_for_output("To use it from anywhere: export TEMPORAL_ADDRESS=")
        address = server.stdout.split("TEMPORAL_ADDRESS=")[1].strip()
        assert f"Temporal runs at {address} (namespace default), its UI at http://127.0.0.1:" in server.stdout
        assert 'no run with the id "nobody"' in stepfile("status", "nobody", "--address", address).stderr
        server.send_signal(SIGTERM)
        assert server.wait_for_exit() == ExitCode.SUCCESS
        assert server.list_processes() == []
    assert (tmp_path / "temporal.db").exists()
