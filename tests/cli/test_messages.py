"""`signal`, `update`, `query`, and what comes along with `submit`: talking with a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from signal import SIGINT

import pytest

from interpreter.cli.process.exit import Exit
from interpreter.temporal.dev_server.server import DevServer
from tests.cli.conversation import talking
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
    ): "payload.sku: expected text, found the number 7\nhint: VALUE is read as JSON",
    ("signal", "add_item"): 'the signal "add_item" has a wrong payload',
    ("update", "checkout"): 'there is no update "checkout"; it is a signal',
    ("update", "pay", '"x"'): "payload: expected a whole number, found",
}


@pytest.fixture
def cart(tmp_path: Path) -> Path:
    """A folder with the definition `cart.yaml` and no activities."""
    (tmp_path / "cart.yaml").write_text(CART)
    (tmp_path / "pyproject.toml").write_text("[tool.stepfile]\nactivities = []\n")
    return tmp_path


@pytest.fixture
def env(server: DevServer) -> Mapping[str, str]:
    """Where Temporal is."""
    return {"TEMPORAL_ADDRESS": server.address}


def test_a_conversation(cart: Path, env: Mapping[str, str], task_queue: str) -> None:
    def said(*words: str) -> str:
        ended = stepfile(*words, cwd=cart, env=env)
        assert ended.returncode == Exit.FINE, ended.stderr
        return ended.stdout

    def refused(*words: str) -> str:
        ended = stepfile(*words, cwd=cart, env=env)
        assert (ended.returncode, ended.stdout) == (Exit.FAILED, "")
        assert "Traceback" not in ended.stderr
        return ended.stderr

    submit = ("submit", "cart.yaml", "--id", task_queue, "--task-queue", task_queue)
    with talking("worker", "--task-queue", task_queue, cwd=cart, env=env) as worker:
        worker.until("worker on task queue")
        assert said(*submit, "--update", "pay=4") == "4\n"
        assert said(*submit, "--update", "pay=5") == "9\n", "the run that there is got it"
        assert json.loads(said(*submit, "--update", "pay=1", "--json"))["answer"] == 10
        assert said("update", task_queue, "pay", "3") == "13\n"
        assert said("query", task_queue, "total") == "13\n"
        assert json.loads(said("query", task_queue, "status"))["status"] == "running"

        assert 'UpdateRefused: the update "pay" is not accepted now' in refused(
            "update", task_queue, "pay", "0"
        )
        assert "UpdateRefused" in refused(*submit, "--update", "pay=-1")
        told = refused("query", task_queue, "totl")
        assert 'there is no query "totl"; did you mean "total"?' in told
        assert "nonsense" in refused("query", task_queue, "nonsense")

        with talking("update", task_queue, "never", cwd=cart, env=env) as asking:
            said("signal", task_queue, "add_item", "sku=A1")
            asking.send(SIGINT)
            assert asking.ends() == Exit.INTERRUPTED
            assert asking.stderr == ""
        assert said(*submit, "--signal", "checkout") == f"{task_queue}\n"
        with talking("status", task_queue, "--follow", cwd=cart, env=env) as watching:
            assert watching.ends() == Exit.FINE
            assert json.loads(watching.stdout) == {"sku": "A1", "total": 13}

        for kind in ("signal", "update"):
            assert f'the run "{task_queue}" has ended already' in refused(kind, task_queue, "checkout")
        assert said("query", task_queue, "total") == "13\n", "one that has ended answers, too"
        for policy in ("reject-duplicate", "allow-duplicate-failed-only"):
            told = refused(*submit, "--id-reuse", policy)
            assert f'a run with the id "{task_queue}" goes on, or has ended: {policy}' in told
            assert "cancel it" not in told, "of one that has ended that is of no use"


def test_what_a_run_does_not_take_is_not_sent(cart: Path, env: Mapping[str, str], task_queue: str) -> None:
    # No worker is there: what the run takes is known from the definition that it was started with.
    options = ("--id", task_queue, "--task-queue", task_queue)
    ended = stepfile("submit", "cart.yaml", *options, "--signal", "checkout", cwd=cart, env=env)
    assert ended.returncode == Exit.FINE, ended.stderr
    for (kind, name, *payload), message in REFUSED.items():
        ended = stepfile(kind, task_queue, name, *payload, env=env)
        assert (ended.returncode, ended.stdout) == (Exit.FAILED, "")
        assert message in ended.stderr
    for kind in ("signal", "update"):
        ended = stepfile(kind, "nobody", "checkout", env=env)
        assert ended.returncode == Exit.FAILED
        assert 'there is no run with the id "nobody"' in ended.stderr
    with talking("update", task_queue, "pay", "5", env=env) as asking:
        asking.until(f'no worker answers on task queue "{task_queue}"')
        asking.send(SIGINT)
        assert asking.ends() == Exit.INTERRUPTED
    ended = stepfile("query", task_queue, "total", env=env)
    assert ended.returncode == Exit.FAILED
    assert "no worker answers" in ended.stderr


def test_a_run_that_has_not_begun(cart: Path, env: Mapping[str, str], task_queue: str) -> None:
    options = ("--id", task_queue, "--task-queue", task_queue)
    with talking("worker", "--task-queue", task_queue, cwd=cart, env=env) as worker:
        worker.until("worker on task queue")
        ended = stepfile("submit", "cart.yaml", *options, "--start-delay", "1d", cwd=cart, env=env)
        assert ended.returncode == Exit.FINE, ended.stderr
        assert "it begins at 2" in stepfile("status", task_queue, env=env).stdout
        ended = stepfile("query", task_queue, "total", env=env)
        assert ended.returncode == Exit.FAILED
        assert ended.stderr.startswith("stepfile: it begins at 2")
        assert stepfile("cancel", task_queue, "--wait", env=env).returncode == Exit.FINE


def test_an_update_that_nobody_answers(cart: Path, env: Mapping[str, str], task_queue: str) -> None:
    words = ("submit", "cart.yaml", "--id", task_queue, "--task-queue", task_queue, "--update", "pay=5")
    with talking(*words, cwd=cart, env=env) as asking:
        asking.until(f'no worker answers on task queue "{task_queue}"')
        asking.send(SIGINT)
        assert asking.ends() == Exit.INTERRUPTED
        assert f"the run may have been started: stepfile status {task_queue}" in asking.stderr


def test_what_comes_along_is_checked_before_anything_is_sent(cart: Path) -> None:
    nowhere = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
    for words in (("--signal", "chekout"), ("--update", "checkout"), ("--signal", "add_item=sku=7")):
        ended = stepfile("submit", "cart.yaml", *words, cwd=cart, env=nowhere)
        assert (ended.returncode, ended.stdout) == (Exit.FAILED, "")
        assert f'{words[0].lstrip("-")} "' in ended.stderr
        assert "can't reach" not in ended.stderr
