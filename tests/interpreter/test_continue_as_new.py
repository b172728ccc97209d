"""Continuing as new when several things happen at the same moment: nothing is done twice, and nothing is left out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.messages.handlers import apply_update, receive_signal
from interpreter.program.compiled import compile_program
from interpreter.snapshot import state_parts
from interpreter.state.run import Run
from tests.support.fake_effects import FakeEffects
from tests.support.virtual_time import run_in_virtual_time
from tests.support.whole_run import WholeRun

HEAD = """\
dsl: "1"
name: same-moment
defaults: {timeouts: {start_to_close: 10s}}
signals: {go: {}}
steps:
  - parallel:
      a:
        - {wait: 3s}
        - {activity: work, args: [a]}
      b:
        - wait: 1s
"""

LATE = {
    "timeout": """\
        - wait_for: {signal: go, timeout: 2s}
          catch: [{steps: [{activity: work, args: [b]}]}]
""",
    "deadline": """\
        - steps: [{wait_for: {signal: go}}]
          timeouts: {deadline: 2s}
          catch: [{steps: [{activity: work, args: [b]}]}]
""",
    "finally": """\
        - steps: [{wait_for: {signal: go, timeout: 2s}}]
          finally: [{activity: work, args: [b]}]
          catch: [{result: "1"}]
""",
    "undo": """\
        - steps:
            - {activity: work, args: [c], compensate: {activity: work, args: [b]}}
            - {wait_for: {signal: go, timeout: 1s}}
          catch: [{compensate: true, result: "1"}]
""",
}
"""What happens 3 s after the start, too, and is not to be done in two runs."""


def _calls(text: str) -> list[str]:
    calls: list[str] = []

    async def work(name: str) -> None:
        calls.append(name)
        await asyncio.sleep(1)

    async def execute() -> None:
        effects = FakeEffects({"work": work}, force_continue_as_new=True)
        whole = WholeRun(Run(compile_program(text), effects))
        await whole.execute()
        assert whole.runs > 1

    run_in_virtual_time(execute())
    return sorted(calls)


@pytest.mark.parametrize("depth", range(4))
@pytest.mark.parametrize("late", LATE)
def test_what_happens_as_the_others_come_to_rest(late: str, depth: int) -> None:
    """Each block around a step takes its time until what is inside it has an effect."""
    wait = "{wait: 3s}"
    for _ in range(depth):
        wait = f"{{timeouts: {{deadline: 1h}}, steps: [{wait}]}}"
    text = HEAD.replace("{wait: 3s}", wait) + LATE[late]
    assert _calls(text) == (["a", "b", "c"] if late == "undo" else ["a", "b"])


LISTENING = """\
dsl: "1"
name: listening
vars: {sum: 0}
signals: {end: {}}
updates: {add: {set: {sum: "${ vars.sum + payload }"}, result: vars.sum}}
steps: [{wait_for: {signal: end}}]
output: ${ vars.sum }
"""


def test_a_run_that_only_listens_continues_as_new_too() -> None:
    async def execute() -> tuple[object, int]:
        whole = WholeRun(Run(compile_program(LISTENING), FakeEffects({}, force_continue_as_new=True)))
        work = asyncio.ensure_future(whole.execute())
        for number in (1, 2, 3):
            await asyncio.sleep(1)
            assert await apply_update(whole.run, "add", [number]) == sum(range(number + 1))
        await asyncio.sleep(1)
        receive_signal(whole.run, "end", [])
        return await work, whole.runs

    result, runs = run_in_virtual_time(execute())
    assert result == 6
    assert runs == 4  # one more after each update; the signal ends it


GROWING = """\
dsl: "1"
name: growing
defaults: {timeouts: {start_to_close: 10s}}
vars: {n: 1}
steps:
  - {id: first, activity: work, args: [done], compensate: {activity: work, args: [undone]}}
  - id: items
    for_each: [1, 2]
    steps:
      - {id: one, set: {n: 2}, catch: [{result: "1"}]}
      - {wait_for: {signal: go, timeout: 1s}, catch: [{result: "2"}]}
signals: {go: {}}
"""


@dataclass
class Narrow(FakeEffects):
    """A world in which only a little fits into the start of the next run."""

    most: int = 0

    def check_state(self, state: Mapping[str, Any]) -> None:
        if self.runs > self.most:
            names = ", ".join(name for name, _ in state_parts(state))
            raise StepFailed(Failure("TooLarge", names, non_retryable=True, outcome=Outcome.NOT_STARTED))


@pytest.mark.parametrize("most", [1, 2])
def test_a_state_that_does_not_fit_fails_the_run_and_all_is_undone(most: int) -> None:
    """No clause of a step can take that."""
    calls: list[str] = []

    async def work(name: str) -> None:
        calls.append(name)

    effects = Narrow({"work": work}, force_continue_as_new=True, most=most)
    with pytest.raises(StepFailed) as failed:
        run_in_virtual_time(WholeRun(Run(compile_program(GROWING), effects)).execute())
    assert failed.value.failure.type == "TooLarge"
    assert failed.value.failure.message.startswith("vars.n, steps.first")
    assert "the compensation of first" in failed.value.failure.message
    assert calls == ["done", "undone"]


IN_A_CLAUSE = """\
dsl: "1"
name: in-a-clause
defaults: {timeouts: {start_to_close: 10s}}
steps:
  - id: broken
    raise: {type: Broken}
    catch: [{steps: [{id: long, activity: work, args: [never]}]}]
    finally: [{activity: work, args: [last]}]
"""


@dataclass
class Full(FakeEffects):
    """A world whose history has no room left."""

    def history_is_full(self) -> str | None:
        return "it is full"


def test_where_it_can_not_go_over_a_full_history_is_an_error() -> None:
    """What cleans up is done all the same."""
    calls: list[str] = []

    async def work(name: str) -> None:
        calls.append(name)

    with pytest.raises(StepFailed) as failed:
        run_in_virtual_time(WholeRun(Run(compile_program(IN_A_CLAUSE), Full({"work": work}))).execute())
    assert (failed.value.failure.type, failed.value.failure.step) == ("TooLarge", "broken")
    assert calls == ["last"]
