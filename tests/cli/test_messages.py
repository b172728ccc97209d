"""`signal`, `update` and `query` send messages to a run, and `submit` sends one with the start."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from signal import SIGINT

import pytest

from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from tests.cli.running_command import run_in_background
from tests.support.processes import stepfile

CART = """\
dsl: "1"
name: cart
signals:
  add_item: {schema: {type: object, required: [sku], properties: {sku: {type: string}}}}
  checkout: {}
vars: {total: 0}
updates:
  pay: {schema: {type: integer}, when: payload > 0, set: {total: "${ vars.total + payload }"}, result: vars.total}
  never: {until: vars.total < 0}
queries: {total: vars.total, nonsense: 1 / (vars.total - vars.total)}
steps:
  - {id: item, wait_for: {signal: add_item}}
  - {id: end, wait_for: {signal: checkout}}
output: {sku: "${ steps.item.result.sku }", total: "${ vars.total }"}
"""

REFUSED: dict[tuple[str, ...], str] = {
    (
        "signal",
        "ad_item",
    ): 'there is no signal "ad_item"; did you mean "add_item"?; declared: add_item, checkout',
    ("signal", "pay", "5"): 'there is no signal "pay"; it is an update',
    (
        "signal",
        "add_item",
        "sku=7",
    ): "payload.sku: expected text, found the number 7\nhint: a VALUE that is JSON is read as JSON",
    ("signal", "add_item"): 'the payload of the signal "add_item" does not fit its schema',
    ("update", "checkout"): 'there is no update "checkout"; it is a signal',
    ("update", "pay", '"x"'): "payload: expected a whole number, found",
}


@pytest.fixture
def cart(tmp_path: Path) -> Path:
    """Make a folder with the definition `cart.yaml` and no activities."""
    (tmp_path / "cart.yaml").write_text(CART)
    (tmp_path / "pyproject.toml").write_text("[tool.stepfile]\nactivities = []\n")
    return tmp_path


@pytest.fixture
def env(server: DevServer) -> Mapping[str, str]:
    """Return the environment that names the server."""
    return {"TEMPORAL_ADDRESS": server.address}


@pytest.mark.slow
def test_messages_to_a_running_run(cart: Path, env: Mapping[str, str], task_queue: str) -> None:
    def run(*words: str) -> str:
        ended = stepfile(*words, cwd=cart, env=env)
        assert ended.returncode == ExitCode.SUCCESS, ended.stderr
        return ended.stdout

    def fail(*words: str) -> str:
        ended = stepfile(*words, cwd=cart, env=env)
        assert (ended.returncode, ended.stdout) == (ExitCode.FAILED, "")
        assert "Traceback" not in ended.stderr
        return ended.stderr

    submit = ("submit", "cart.yaml", "--id", task_queue, "--task-queue", task_queue)
    with run_in_background("worker", "--task-queue", task_queue, cwd=cart, env=env) as worker:
        worker.wait_for_output("worker on task queue")
        assert run(*submit, "--update", "pay=4") == "4\n"
        assert run(*submit, "--update", "pay=5") == "9\n", "the running run got it"
        assert json.loads(run(*submit, "--update", "pay=1", "--json"))["answer"] == 10
        assert run("update", task_queue, "pay", "3") == "13\n"
        assert run("query", task_queue, "total") == "13\n"
        assert json.loads(run("query", task_queue, "status"))["status"] == "running"

        assert 'UpdateRefused: the update "pay" is not accepted now' in fail("update", task_queue, "pay", "0")
        assert "UpdateRefused" in fail(*submit, "--update", "pay=-1")
        message = fail("query", task_queue, "totl")
        assert 'there is no query "totl"; did you mean "total"?' in message
        assert "nonsense" in fail("query", task_queue, "nonsense")

        with run_in_background("update", task_queue, "never", cwd=cart, env=env) as update:
            run("signal", task_queue, "add_item", "sku=A1")
            update.send_signal(SIGINT)
            assert update.wait_for_exit() == ExitCode.INTERRUPTED
            assert update.stderr.strip() == "", "click ends the line if the command has not connected yet"
        assert run(*submit, "--signal", "checkout") == f"{task_queue}\n"
        with run_in_background("status", task_queue, "--follow", cwd=cart, env=env) as status:
            assert status.wait_for_exit() == ExitCode.SUCCESS
            assert json.loads(status.stdout) == {"sku": "A1", "total": 13}

        for kind in ("signal", "update"):
            assert f'the run "{task_queue}" has ended already' in fail(kind, task_queue, "checkout")
        assert run("query", task_queue, "total") == "13\n", "a run that has ended can be queried, too"
        for policy in ("reject-duplicate", "allow-duplicate-failed-only"):
            message = fail(*submit, "--id-reuse", policy)
            assert f'there is a run with the id "{task_queue}", and {policy} allows no other' in message
            assert "cancel that run" not in message, "a run that has ended can't be cancelled"


@pytest.mark.slow
def test_a_message_that_the_run_does_not_accept_is_not_sent(
    cart: Path, env: Mapping[str, str], task_queue: str
) -> None:
    # There is no worker: what the run accepts is known from the definition that it was started with.
    options = ("--id", task_queue, "--task-queue", task_queue)
    ended = stepfile("submit", "cart.yaml", *options, "--signal", "checkout", cwd=cart, env=env)
    assert ended.returncode == ExitCode.SUCCESS, ended.stderr
    for (kind, name, *payload), message in REFUSED.items():
        ended = stepfile(kind, task_queue, name, *payload, env=env)
        assert (ended.returncode, ended.stdout) == (ExitCode.FAILED, "")
        assert message in ended.stderr
    for kind in ("signal", "update"):
        ended = stepfile(kind, "nobody", "checkout", env=env)
        assert ended.returncode == ExitCode.FAILED
        assert 'there is no run with the id "nobody"' in ended.stderr
    with run_in_background("update", task_queue, "pay", "5", env=env) as update:
        update.wait_for_output(f'no worker answers on task queue "{task_queue}"')
        update.send_signal(SIGINT)
        assert update.wait_for_exit() == ExitCode.INTERRUPTED
    ended = stepfile("query", task_queue, "total", env=env)
    assert ended.returncode == ExitCode.FAILED
    assert "no worker answers" in ended.stderr


def test_a_run_whose_start_is_delayed(cart: Path, env: Mapping[str, str], task_queue: str) -> None:
    options = ("--id", task_queue, "--task-queue", task_queue)
    with run_in_background("worker", "--task-queue", task_queue, cwd=cart, env=env) as worker:
        worker.wait_for_output("worker on task queue")
        ended = stepfile("submit", "cart.yaml", *options, "--start-delay", "1d", cwd=cart, env=env)
        assert ended.returncode == ExitCode.SUCCESS, ended.stderr
        assert "the run begins at 2" in stepfile("status", task_queue, env=env).stdout
        ended = stepfile("query", task_queue, "total", env=env)
        assert ended.returncode == ExitCode.FAILED
        assert ended.stderr.startswith("stepfile: the run begins at 2")
        assert stepfile("cancel", task_queue, "--wait", env=env).returncode == ExitCode.SUCCESS


def test_an_update_that_nobody_answers(cart: Path, env: Mapping[str, str], task_queue: str) -> None:
    words = ("submit", "cart.yaml", "--id", task_queue, "--task-queue", task_queue, "--update", "pay=5")
    with run_in_background(*words, cwd=cart, env=env) as update:
        update.wait_for_output(f'no worker answers on task queue "{task_queue}"')
        update.send_signal(SIGINT)
        assert update.wait_for_exit() == ExitCode.INTERRUPTED
        assert f"the run may have been started; `stepfile status {task_queue}`" in update.stderr


def test_the_message_of_a_start_is_checked_before_anything_is_sent(cart: Path) -> None:
    nowhere = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
    for words in (("--signal", "chekout"), ("--update", "checkout"), ("--signal", "add_item=sku=7")):
        ended = stepfile("submit", "cart.yaml", *words, cwd=cart, env=nowhere)
        assert (ended.returncode, ended.stdout) == (ExitCode.FAILED, "")
        assert f'{words[0].lstrip("-")} "' in ended.stderr
        assert "can't reach" not in ended.stderr
