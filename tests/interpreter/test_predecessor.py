"""What a run knows of the runs before it, and what it tells its children of theirs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from interpreter.failure.failure import StepFailed
from interpreter.lifecycle import execute
from interpreter.predecessor import NO_PREDECESSOR, Predecessor
from interpreter.program.compiled import compile_program
from interpreter.snapshot import export_state, restore_state
from interpreter.state.failed_run import FailedRun, describe_failed_run
from interpreter.state.next_attempt import NextAttempt
from interpreter.state.run import Run
from interpreter.state.started_children import MOST, WHOLE_RUN, StartedChildren
from tests.support.fake_attempt import ActivityFailed
from tests.support.fake_effects import FakeEffects
from tests.support.virtual_time import run_in_virtual_time

TEXT = """\
dsl: "1"
name: parent
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
definitions:
  ship:
    defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
    steps:
      - {id: a, activity: do, args: ["${ step.key }"], compensate: {activity: undo, args: ["${ step.key }"]}}
      - {id: b, activity: fail}
steps:
  - {id: first, activity: do, args: ["${ step.key }"], compensate: {activity: undo, args: ["${ step.key }"]}}
  - {id: ship, child_workflow: ship}
"""
KNOWN = Predecessor(undone={"a": 1}, started_with=1)


class World:
    """A run whose activities note their keys; `fail` fails, or is stopped."""

    def __init__(self, text: str, predecessor: Predecessor) -> None:
        self.keys: list[str] = []
        self.hangs = False
        self.effects = FakeEffects({"do": self._note, "undo": self._note, "fail": self._fail})
        self.run = Run(compile_program(text), self.effects, predecessor=predecessor)

    async def _note(self, key: str) -> None:
        self.keys.append(key)

    async def _fail(self) -> None:
        if self.hangs:
            await asyncio.sleep(3600)
        raise ActivityFailed("no", "Down")

    def execute(self, cancel_after: float | None = None) -> FailedRun | None:
        """Run it to its end; None if it was cancelled."""
        return run_in_virtual_time(self._execute(cancel_after))

    async def _execute(self, cancel_after: float | None) -> FailedRun | None:
        work = asyncio.ensure_future(execute(self.run))
        if cancel_after is not None:
            await asyncio.sleep(cancel_after)
            self.effects.cancelled = True
            work.cancel()
        try:
            await work
        except StepFailed as failed:
            return describe_failed_run(self.run, failed.failure)
        except asyncio.CancelledError:
            pass
        return None


def test_a_child_whose_predecessor_may_stand_goes_on_with_its_keys_and_keeps_them() -> None:
    world = World(TEXT, Predecessor(children={"run-1/ship": KNOWN}))
    failed = world.execute()
    assert failed is not None
    assert world.keys == ["run-1/first", "run-1/ship/a#2", "run-1/ship/a#2", "run-1/first"]
    report = {each["step"]: each["status"] for each in failed.report["compensations"]}
    assert report == {"ship": "failed", "first": "completed"}
    assert failed.stands
    assert export_state(world.run)["undone"] == {"first": 1}


def test_so_it_does_if_it_is_cancelled() -> None:
    world = World(TEXT, Predecessor(children={"run-1/ship": KNOWN}))
    world.hangs = True
    assert world.execute(cancel_after=1) is None
    assert world.keys == ["run-1/first", "run-1/ship/a#2", "run-1/ship/a#2", "run-1/first"]
    (left, _) = world.run.compensations
    assert (left["step"], left["status"]) == ("ship", "failed")
    assert left["error"] is not None
    assert "an earlier run of it" in left["error"]["message"]


def test_without_a_predecessor_it_has_undone_all() -> None:
    world = World(TEXT, Predecessor(started_with=1))
    failed = world.execute()
    assert failed is not None
    assert [each["step"] for each in failed.report["compensations"]] == ["first"]
    assert export_state(world.run)["undone"] == {"first": 1, "ship": 1}


def test_a_child_with_an_id_of_its_own_is_told_by_its_parent_that_all_of_it_was_undone() -> None:
    text = TEXT.replace("child_workflow: ship", "child_workflow: {definition: ship, workflow_id: mine}")
    world = World(text, Predecessor(undone={"ship": 1}, children={"mine": KNOWN}))
    failed = world.execute()
    assert failed is not None
    assert world.keys == ["run-1/first", "mine/a#2", "mine/a#2", "run-1/first"]
    assert [each["step"] for each in failed.report["compensations"]] == ["first"]


@pytest.mark.parametrize(
    ("known", "generation", "expected"),
    [
        (NO_PREDECESSOR, 1, NO_PREDECESSOR),
        (NO_PREDECESSOR, 3, Predecessor(3)),
        (KNOWN, 1, KNOWN),
        (KNOWN, 2, Predecessor(2)),
        (Predecessor(2, {"a": 3, "b": 1}, 1), 4, Predecessor(4, {"a": 1})),
        (Predecessor(5, {"a": 1}, 2), 3, Predecessor(5, {"a": 1})),
        (Predecessor(5, {"a": 1}, 4), 4, Predecessor(5, {"a": 1}, 4)),
    ],
)
def test_the_greater_generation_counts(known: Predecessor, generation: int, expected: Predecessor) -> None:
    assert known.begin_with(generation) == expected


def test_what_its_step_may_have_undone_is_not_in_the_counts_of_the_child() -> None:
    known = Predecessor(undone={"a": 1}, started_with=1)
    assert known.begin_with(2, 2) == Predecessor(2, {"a": 1}, least_generation=2)


def test_the_greater_least_generation_counts() -> None:
    known = Predecessor(2, least_generation=2)
    assert known.begin_with(3).least_generation == 2
    assert known.begin_with(3, 3).least_generation == 3


def test_what_is_written_is_read() -> None:
    known = Predecessor(2, {"a": 1}, 1, {"x/b": Predecessor(undone={"c": 2}), "y": NO_PREDECESSOR}, 2)
    assert Predecessor.from_json(known.to_json()) == known
    assert NO_PREDECESSOR.to_json() == {}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"generation": "1"}, "generation must be a whole number"),
        ({"least_generation": "1"}, "least_generation must be a whole number"),
        ({"started_with": True}, "started_with must be a whole number"),
        ({"undone": {"a": "b"}}, "a must be a whole number"),
        ({"children": {"x": {"undone": 1}}}, "undone must be a map"),
        ({"children": {"x": {"nothing": 1}}}, '"nothing" is not a key of children.x'),
    ],
)
def test_what_somebody_else_has_written(data: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Predecessor.from_json(data)


def test_the_next_attempt_of_a_run_knows_what_was_undone_and_started() -> None:
    world = World(f"{TEXT}retry: {{maximum_attempts: 3}}\n", Predecessor(undone={"first": 1}, started_with=1))
    failed = world.execute()
    assert failed is not None
    told = FailedRun.from_details(failed.to_details())
    assert told is not None
    assert told.next_attempt == NextAttempt({"first": 2, "ship": 1}, ("run-1/ship",))
    again = World(TEXT, world.run.predecessor)
    told.next_attempt.apply(again.run, again.run)
    again.execute()
    assert again.keys == ["run-1/first#3", "run-1/ship#2/a", "run-1/ship#2/a", "run-1/first#3"]


def test_a_run_without_a_retry_tells_nothing() -> None:
    failed = World(TEXT, NO_PREDECESSOR).execute()
    assert failed is not None
    assert failed.next_attempt is None
    assert "next_attempt" not in failed.to_details()


def test_so_many_children_that_not_all_are_remembered() -> None:
    started = StartedChildren()
    for number in range(MOST + 1):
        assert not started.may_stand(f"r/{number}")
        started.note(f"r/{number}", "block")
    assert len(started.keys) == MOST
    assert not started.may_stand("r/another")
    started.begin_again()
    assert started.may_stand("r/another")
    told = NextAttempt({}, (), has_more_children=True)
    run = World(TEXT, NO_PREDECESSOR).run
    NextAttempt.from_json(told.to_json()).apply(run, run)
    assert run.children.may_stand("r/another")


def test_what_a_block_has_started_is_forgotten_when_it_is_over() -> None:
    run = World(TEXT, NO_PREDECESSOR).run
    run.children.note("r/a", "block")
    run.children.note("r/b", WHOLE_RUN)
    run.children.note("r/b", "block")
    run.children.leave("block")
    later = World(TEXT, NO_PREDECESSOR).run
    restore_state(later, export_state(run))
    assert later.children == StartedChildren({"r/b": WHOLE_RUN})
