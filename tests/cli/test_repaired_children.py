"""A child that has failed and its parent: whoever repairs many runs repairs one of them, and is told so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from interpreter.cli.process.exit import ExitCode
from tests.cli.running_command import run_in_background
from tests.cli.test_repair import (
    calls,
    env,  # pyright: ignore[reportUnusedImport]
    name,  # pyright: ignore[reportUnusedImport]
    shop,  # pyright: ignore[reportUnusedImport]
    submit,
)
from tests.support.processes import stepfile

__all__ = ["env", "name", "shop"]

FAMILY = """\
dsl: "1"
name: NAME
input: {type: object, properties: {card: {type: string}}}
defaults: {timeouts: {start_to_close: 60s}}
definitions:
  NAME-ship:
    dsl: "1"
    name: NAME-ship
    defaults: {timeouts: {start_to_close: 60s}}
    steps:
      - {id: reserve, activity: reserve, compensate: {activity: release}}
      - {id: charge, activity: charge, args: [visa]}
steps:
  - {id: ship, child_workflow: {definition: NAME-ship}}
"""


@pytest.fixture
def parent(shop: Path, env: Mapping[str, str], task_queue: str, name: str) -> Iterator[str]:
    """The id of a run that has failed because its child has; a worker runs, and the service is up again."""
    (shop / "order.yaml").write_text(FAMILY.replace("NAME", name))
    with run_in_background("worker", "--task-queue", task_queue, cwd=shop, env=env) as running:
        running.wait_for_output("worker on task queue")
        down = shop / "charge-is-down"
        down.touch()
        submit(shop, env, task_queue, task_queue)
        down.unlink()
        calls(shop)
        yield task_queue


@pytest.mark.slow
def test_a_child_is_left_out_where_its_parent_is_repaired(
    shop: Path, env: Mapping[str, str], name: str, parent: str
) -> None:
    child = f"{parent}/ship"
    told = f"{child}  left out: it is a child of {parent}; repair that run, or name the child alone\n"
    for how in ("retry", "resume"):
        alone = stepfile(how, "--definition", f"{name}-ship", "--yes", env=env)
        assert (alone.returncode, alone.stdout) == (ExitCode.FAILED, ""), "nobody repairs its parent"
        assert alone.stderr == f"{told}nothing was started: each of these runs is the child of another one\n"

    both = stepfile("resume", child, parent, "--yes", env=env)
    assert both.returncode == ExitCode.SUCCESS, both.stderr
    assert both.stdout.startswith(f"{parent}  started again: ")
    assert both.stderr == f"{told}of 1 run 1 was started again, 0 were refused\n"
    assert stepfile("status", parent, "--follow", env=env).returncode == ExitCode.SUCCESS
    assert calls(shop) == [f"reserve {child}#2/reserve", f"charge {child}#2/charge"]

    later = stepfile("resume", "--definition", f"{name}-ship", "--yes", env=env)
    assert (
        f"{child}  left out: it is a child of {parent}, which has completed; to repair it all" in later.stderr
    )


@pytest.mark.slow
def test_a_child_is_repaired_alone(shop: Path, env: Mapping[str, str], parent: str) -> None:
    child = f"{parent}/ship"
    retried = stepfile("retry", child, "--wait", env=env)
    assert retried.returncode == ExitCode.SUCCESS, retried.stderr
    assert (
        f'note: it was started as a child of "{parent}", which does not hear of the new run' in retried.stderr
    )
    assert calls(shop) == [f"reserve {child}/reserve#2", f"charge {child}/charge"]

    planned = json.loads(stepfile("resume", parent, "--dry-run", "--json", env=env).stdout)
    (refused,) = planned["refused"]
    assert refused.startswith(
        f'ship: its child "{child}" was repaired by itself and has completed, after its step had counted'
    )
    again = stepfile("retry", parent, env=env)
    assert again.returncode == ExitCode.FAILED
    assert "was repaired by itself and has completed" in again.stderr
    assert not (shop / "calls").exists(), "nothing is done a second time"
