"""`stepfile retry` and `stepfile resume`, as an operator uses them in the morning after a bad night."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from signal import SIGKILL

import pytest

from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from tests.cli.running_command import run_in_background
from tests.support.processes import stepfile

ACTIVITIES = """
from pathlib import Path
from stepfile.activity import idempotency_key
from temporalio import activity
from temporalio.exceptions import ApplicationError


def work(name):
    with open("calls", "a") as file:
        file.write(f"{name} {idempotency_key()}\\n")
    if Path(f"{name}-is-down").exists():
        raise ApplicationError("no answer", type="Down", non_retryable=True)
    return name

@activity.defn
async def reserve(): return work("reserve")
@activity.defn
async def release(): return work("release")
@activity.defn
async def check(card): return work("check")
@activity.defn
async def charge(card):
    result = work("charge")
    while Path("charge-hangs").exists():
        import asyncio
        await asyncio.sleep(0.05)
    return result + " " + card
"""

ORDER = """\
dsl: "1"
name: NAME
input: {type: object, properties: {card: {type: string}}}
defaults: {timeouts: {start_to_close: 60s}}
steps:
  - {id: check, activity: check, args: ["${ input.card }"]}
  - {id: reserve, activity: reserve, compensate: {activity: release}}
  - {id: charge, activity: charge, args: ["${ input.card }"]}
output: ${ steps.charge.result }
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project whose service can be down."""
    (tmp_path / "night_activities.py").write_text(ACTIVITIES)
    (tmp_path / "pyproject.toml").write_text('[tool.stepfile]\nactivities = ["night_activities"]\n')
    return tmp_path


@pytest.fixture
def env(server: DevServer) -> Mapping[str, str]:
    """The environment that names the server."""
    return {"TEMPORAL_ADDRESS": server.address}


@pytest.fixture
def name(task_queue: str) -> str:
    """The name of a definition that no other test uses."""
    return f"order-{task_queue[-8:]}"


@pytest.fixture
def worker(shop: Path, env: Mapping[str, str], task_queue: str, name: str) -> Iterator[None]:
    """A worker of the project."""
    (shop / "order.yaml").write_text(ORDER.replace("NAME", name))
    with run_in_background("worker", "--task-queue", task_queue, cwd=shop, env=env) as running:
        running.wait_for_output("worker on task queue")
        yield


def submit(shop: Path, env: Mapping[str, str], task_queue: str, workflow_id: str) -> None:
    words = ("submit", "order.yaml", "--input", "card=visa", "--task-queue", task_queue)
    ended = stepfile(*words, "--id", workflow_id, "--wait", cwd=shop, env=env)
    assert ended.returncode == ExitCode.FAILED, ended.stderr


def calls(shop: Path) -> list[str]:
    found = (shop / "calls").read_text().splitlines()
    (shop / "calls").unlink()
    return found


@pytest.mark.usefixtures("worker")
def test_from_the_alert_to_the_repaired_run(shop: Path, env: Mapping[str, str], task_queue: str) -> None:
    down = shop / "charge-is-down"
    down.touch()
    submit(shop, env, task_queue, task_queue)
    calls(shop)

    planned = stepfile("resume", task_queue, "--dry-run", env=env)
    assert (planned.returncode, planned.stderr) == (ExitCode.SUCCESS, "")
    assert planned.stdout.splitlines() == [
        "  check    completed      is kept",
        f"  reserve  completed      runs again with the new key {task_queue}/reserve#2: it was undone",
        f"  charge   failed         runs again with the key {task_queue}/charge",
    ]
    asked = stepfile("resume", task_queue, env=env)
    assert asked.returncode == ExitCode.FAILED
    assert "nothing was started: add --yes to do what is planned" in asked.stderr

    down.unlink()
    words = ("resume", task_queue, "--set", "input.card=master", "--reason", "repaired", "--yes", "--wait")
    resumed = stepfile(*words, env=env)
    assert (resumed.returncode, json.loads(resumed.stdout)) == (ExitCode.SUCCESS, "charge master"), (
        resumed.stderr
    )
    assert "  note: check is kept, and has read input.card as it was before" in resumed.stderr
    assert calls(shop) == [f"reserve {task_queue}/reserve#2", f"charge {task_queue}/charge"]

    again = stepfile("resume", task_queue, env=env)
    assert again.returncode == ExitCode.FAILED
    assert f'the run "{task_queue}" has completed, so there is nothing to repair' in again.stderr


@pytest.mark.usefixtures("worker")
def test_one_run_begins_again(shop: Path, env: Mapping[str, str], task_queue: str) -> None:
    down = shop / "charge-is-down"
    down.touch()
    submit(shop, env, task_queue, task_queue)
    calls(shop)
    down.unlink()
    planned = stepfile("retry", task_queue, "--dry-run", env=env)
    assert (planned.returncode, planned.stderr) == (ExitCode.SUCCESS, "")
    assert planned.stdout == f"{task_queue}  failed, begins again\n"
    retried = stepfile("retry", task_queue, "--json", env=env)
    assert retried.returncode == ExitCode.SUCCESS, retried.stderr
    record = json.loads(retried.stdout)
    assert (record["was"], record["undone"], record["workflow_id"]) == ("failed", {"reserve": 1}, task_queue)
    assert stepfile("status", task_queue, "--follow", env=env).returncode == ExitCode.SUCCESS
    assert calls(shop) == [
        f"check {task_queue}/check",
        f"reserve {task_queue}/reserve#2",
        f"charge {task_queue}/charge",
    ]


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("command", ["retry", "resume"])
@pytest.mark.slow
def test_all_runs_that_failed_in_the_night(
    shop: Path, env: Mapping[str, str], task_queue: str, name: str, command: str
) -> None:
    down = shop / "charge-is-down"
    down.touch()
    ids = [f"{task_queue}-{number}" for number in range(2)]
    for each in ids:
        submit(shop, env, task_queue, each)
    down.unlink()
    words = (command, "--definition", name, "--failed-at", "charge", "--since", "1h")
    found = stepfile(*words, "--dry-run", env=env)
    assert found.returncode == ExitCode.SUCCESS, found.stderr
    assert sorted(line.partition(" ")[0] for line in found.stdout.splitlines()) == ids
    assert "of 2 runs 2 could be started again, 0 were refused" in found.stderr
    assert stepfile(*words, env=env).returncode == ExitCode.FAILED, "nobody has said yes"
    started = stepfile(*words, "--yes", "--rate", "5", "--json", env=env)
    assert started.returncode == ExitCode.SUCCESS, started.stderr
    records = json.loads(started.stdout)
    assert sorted(record["workflow_id"] for record in records) == ids
    assert all(record["run_id"] for record in records)
    for each in ids:
        assert stepfile("status", each, "--follow", env=env).returncode == ExitCode.SUCCESS
    nothing = stepfile(*words, "--yes", env=env)
    assert (nothing.returncode, nothing.stdout) == (ExitCode.FAILED, "")
    assert nothing.stderr == "no run fits; nothing was started\n"


@pytest.mark.slow
def test_after_the_loss_of_a_worker(shop: Path, env: Mapping[str, str], task_queue: str, name: str) -> None:
    """Its step may have done its work, so it runs again under its key."""
    (shop / "order.yaml").write_text(ORDER.replace("NAME", name))
    hangs = shop / "charge-hangs"
    hangs.touch()
    words = ("submit", "order.yaml", "--input", "card=visa", "--task-queue", task_queue, "--id", task_queue)
    with run_in_background("worker", "--task-queue", task_queue, cwd=shop, env=env) as worker:
        worker.wait_for_output("worker on task queue")
        with run_in_background(*words, "--wait", cwd=shop, env=env) as following:
            following.wait_for_output("charge   running")
            worker.send_signal(SIGKILL)
            terminated = stepfile("show", task_queue, env=env)
            assert terminated.returncode == ExitCode.SUCCESS
            _terminate(env, task_queue)
            assert following.wait_for_exit() == ExitCode.FAILED
    calls(shop)
    hangs.unlink()
    with run_in_background("worker", "--task-queue", task_queue, cwd=shop, env=env) as worker:
        worker.wait_for_output("worker on task queue")
        resumed = stepfile("resume", task_queue, "--yes", "--wait", env=env)
        assert resumed.returncode == ExitCode.SUCCESS, resumed.stderr
    assert calls(shop) == [f"charge {task_queue}/charge"]


def _terminate(env: Mapping[str, str], workflow_id: str) -> None:
    import asyncio

    from temporalio.client import Client

    async def terminate() -> None:
        client = await Client.connect(env["TEMPORAL_ADDRESS"])
        await client.get_workflow_handle(workflow_id).terminate()

    asyncio.run(terminate())


def test_which_runs_are_meant(env: Mapping[str, str]) -> None:
    for words in (("resume",), ("retry", "a", "--definition", "b")):
        ended = stepfile(*words, env=env)
        assert ended.returncode == ExitCode.USAGE
        assert "give either the IDs of runs, or filters such as --definition and --since" in ended.stderr
    ended = stepfile("retry", "a", "b", "--wait", env=env)
    assert (ended.returncode, "--wait follows one run" in ended.stderr) == (ExitCode.USAGE, True)
