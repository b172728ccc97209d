"""What the query `status` shows of steps that go on."""

from __future__ import annotations

import asyncio
from typing import Any

from interpreter.program.compiled import compile_program
from interpreter.state.run import Run
from interpreter.state.status import take_snapshot
from tests.support.fake_effects import FakeEffects
from tests.support.virtual_time import run_in_virtual_time
from tests.support.whole_run import WholeRun

DEFINITION = """\
dsl: "1"
name: shown
signals: {yes: {}, no: {}}
steps:
  - id: both
    parallel:
      items:
        - id: each
          for_each: "[0, 1, 2]"
          tolerate_failures: 1
          steps:
            - {id: fail, when: item == 0, raise: {type: Bad}}
            - {id: pause, wait: "${ item == 1 ? '1s' : '1h' }"}
      person:
        - {id: answer, wait_for: {any: [yes, no], timeout: 24h}}
"""


def test_what_goes_on() -> None:
    steps, after = run_in_virtual_time(_looks())
    each, fail, pause, answer = (steps[name] for name in ("each", "each[2]/fail", "each[2]/pause", "answer"))
    assert (each["succeeded"], each["failed"]) == (1, 1)
    assert fail["state"] == "skipped"
    assert (pause["state"], pause["until"]) == ("running", "2026-01-01T01:00:01.000Z")
    assert (answer["awaits"], answer["until"]) == (["yes", "no"], "2026-01-02T00:00:00.000Z")
    assert {"each[0]/fail", "each[1]/pause"}.isdisjoint(steps)
    assert {"awaits", "until"}.isdisjoint(after["answer"])


async def _looks() -> tuple[dict[str, Any], dict[str, Any]]:
    whole = WholeRun(Run(compile_program(DEFINITION), FakeEffects({}), None))
    work = asyncio.ensure_future(whole.execute())
    await asyncio.sleep(2)
    during = _by_path(take_snapshot(whole.run)["steps"])
    work.cancel()
    await asyncio.wait([work])
    return during, _by_path(take_snapshot(whole.run)["steps"])


def _by_path(branches: list[dict[str, Any]]) -> dict[str, Any]:
    found = {}
    for branch in branches:
        found[branch["step"]] = branch
        found.update(_by_path(branch.get("steps", [])))
    return found
