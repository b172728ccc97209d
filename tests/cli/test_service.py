"""`worker`, `submit`, `status` and `cancel`: a run that others carry out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from signal import SIGINT, SIGTERM

import pytest

from interpreter.cli.process.exit import Exit
from interpreter.temporal.dev_server.server import DevServer
from tests.cli.conversation import talking
from tests.support.processes import stepfile

ORDER = ("--input", "item=tea", "--input", "card=visa")
RESULT = {"reservation": "reserved tea", "charge": "charged visa"}


@pytest.fixture
def env(server: DevServer) -> Mapping[str, str]:
    """Where Temporal is."""
    return {"TEMPORAL_ADDRESS": server.address}


def test_from_submit_to_the_result(shop: Path, env: Mapping[str, str], task_queue: str) -> None:
    queue = ("--task-queue", task_queue)
    gate = shop / "gate"
    inputs = (*ORDER, "--input", f"gate={gate}")
    with talking("worker", *queue, cwd=shop, env=env) as worker:
        worker.until(f'worker on task queue "{task_queue}" of {env["TEMPORAL_ADDRESS"]} (namespace default)')
        assert "charge, release, reserve, wait_for_file" in worker.stdout

        submitted = stepfile("submit", "order.yaml", *inputs, "--id", task_queue, *queue, cwd=shop, env=env)
        assert (submitted.returncode, submitted.stdout) == (Exit.FINE, f"{task_queue}\n"), submitted.stderr
        assert f"stepfile status {task_queue} --follow" in submitted.stderr

        twice = stepfile("submit", "order.yaml", *inputs, "--id", task_queue, *queue, cwd=shop, env=env)
        assert twice.returncode == Exit.FAILED
        assert f'a run with the id "{task_queue}" goes on already' in twice.stderr

        with talking("status", task_queue, "--follow", cwd=shop, env=env) as watching:
            watching.until("gate     running")
            watching.send(SIGINT)
            assert watching.ends() == Exit.INTERRUPTED
            assert "the run goes on" in watching.stderr

        with talking("status", task_queue, "--follow", cwd=shop, env=env) as watching:
            watching.until("gate     running")
            worker.send(SIGTERM)
            worker.until("draining")
            gate.touch()
            assert worker.ends() == Exit.FINE, "what was running has ended within the grace"
            with talking("worker", *queue, cwd=shop, env=env) as another:
                assert watching.ends() == Exit.FINE
                assert json.loads(watching.stdout) == RESULT

                told = stepfile("status", task_queue, "--json", env=env)
                assert told.returncode == Exit.FINE
                record = json.loads(told.stdout)
                assert (record["status"], record["result"]) == ("completed", RESULT)
                assert [step["attempts"] for step in record["steps"]] == [1, 1, 2]

                told = stepfile("status", task_queue, env=env)
                assert "definition  order 2.1.0 (" in told.stdout
                assert "  gate     completed   (attempt 1, " in told.stdout
                assert '"charge": "charged visa"' in told.stdout

                late = stepfile("cancel", task_queue, env=env)
                assert late.returncode == Exit.FAILED
                assert f'the run "{task_queue}" has ended already' in late.stderr
                another.send(SIGINT)
                assert another.ends() == Exit.INTERRUPTED


def test_cancelled_by_another(shop: Path, env: Mapping[str, str], task_queue: str) -> None:
    options = ("--task-queue", task_queue, "--id", task_queue)
    with talking(
        "submit", "order.yaml", *ORDER, "--input", "gate=never", *options, "--wait", cwd=shop, env=env
    ) as run:
        run.until(f'no worker answers on task queue "{task_queue}": start one with `stepfile worker`')
        told = stepfile("status", task_queue, env=env)
        assert told.returncode == Exit.FINE
        assert "no worker answers" in told.stdout
        assert f"{task_queue} running" in told.stdout
        assert json.loads(stepfile("status", task_queue, "--json", env=env).stdout)["steps"] is None

        with talking("worker", "--task-queue", task_queue, cwd=shop, env=env):
            run.until("gate     running")
            cancelled = stepfile("cancel", task_queue, "--wait", env=env)
            assert cancelled.returncode == Exit.FINE, cancelled.stderr
            assert f"{task_queue} cancelled after" in cancelled.stderr
            assert "undone: reserve" in cancelled.stderr
            assert run.ends() == Exit.FAILED
            assert "undone: reserve" in run.stderr


def test_a_run_that_there_is_not(env: Mapping[str, str]) -> None:
    for command in ("status", "cancel"):
        ended = stepfile(command, "nobody", env=env)
        assert (ended.returncode, ended.stdout) == (Exit.FAILED, "")
        assert 'there is no run with the id "nobody"' in ended.stderr


def test_a_worker_needs_activities(shop: Path, env: Mapping[str, str]) -> None:
    (shop / "pyproject.toml").unlink()
    ended = stepfile("worker", cwd=shop, env=env)
    assert ended.returncode == Exit.FAILED
    assert "nothing says where the activities are" in ended.stderr
    ended = stepfile("worker", "--activities", "shop.nothing", cwd=shop, env=env)
    assert ended.returncode == Exit.FAILED
    assert "can't import shop.nothing" in ended.stderr


def test_submit_takes_activities_that_are_not_at_hand(
    shop: Path, env: Mapping[str, str], task_queue: str
) -> None:
    (shop / "shop_activities.py").unlink()
    ended = stepfile("submit", "order.yaml", *ORDER, "--task-queue", task_queue, "--json", cwd=shop, env=env)
    assert ended.returncode == Exit.FINE, ended.stderr
    assert "calls are not checked against the activities: can't import shop_activities" in ended.stderr
    assert set(json.loads(ended.stdout)) == {"workflow_id", "run_id"}


def test_a_server_of_ones_own(tmp_path: Path) -> None:
    command = ("server", "--port", "0", "--ui-port", "0", "--db", tmp_path / "temporal.db")
    with talking(*command) as server:
        server.until("Elsewhere: export TEMPORAL_ADDRESS=")
        address = server.stdout.split("TEMPORAL_ADDRESS=")[1].strip()
        assert f"Temporal at {address} (namespace default), its UI at http://127.0.0.1:" in server.stdout
        assert 'no run with the id "nobody"' in stepfile("status", "nobody", "--address", address).stderr
        server.send(SIGTERM)
        assert server.ends() == Exit.FINE
        assert server.family() == []
    assert (tmp_path / "temporal.db").exists()
