"""What is reported of a run is bounded: a loop may undo, and write letters, without end."""

from __future__ import annotations

import pytest

from interpreter.program.compiled import compile_program
from interpreter.state import report as report_module
from interpreter.state.report import RecentEntries
from interpreter.state.run import Run
from interpreter.state.status import build_report
from tests.support.fake_effects import FakeEffects
from tests.support.virtual_time import run_in_virtual_time
from tests.support.whole_run import WholeRun


def test_the_last_are_kept_and_the_others_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_module, "MAXIMUM_ENTRIES", 3)
    reported = RecentEntries([1, 2])
    reported.add(3)
    assert (list(reported), reported.left_out) == ([1, 2, 3], 0)
    reported.add(4, 5)
    assert (list(reported), reported.left_out) == ([3, 4, 5], 2)


LETTERS = """\
dsl: "1"
name: letters
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
dead_letter_queues: {lost: {activity: keep}}
steps:
  - id: all
    for_each: range(9)
    dead_letter: lost
    steps: [{activity: fail}]
"""


@pytest.mark.parametrize("force_continue_as_new", [False, True])
def test_letters_are_counted_over_all_runs(
    monkeypatch: pytest.MonkeyPatch, force_continue_as_new: bool
) -> None:
    monkeypatch.setattr(report_module, "MAXIMUM_ENTRIES", 4)

    async def fail() -> None:
        raise ValueError("no")

    async def keep(record: object) -> None: ...

    async def execute() -> Run:
        effects = FakeEffects({"fail": fail, "keep": keep}, force_continue_as_new=force_continue_as_new)
        whole = WholeRun(Run(compile_program(LETTERS), effects))
        await whole.execute()
        return whole.run

    told = build_report(run_in_virtual_time(execute()))
    assert [letter["step"] for letter in told["dead_letters"]] == ["all[5]", "all[6]", "all[7]", "all[8]"]
    assert told["left_out"] == {"dead_letters": 5}
