"""What a run does that was reset, once it is told what other runs have undone: in virtual time, without replay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from dsl.expressions import JsonValue
from interpreter.effects import ResetReport, UndoneApart, UndoneRecord, UndoneStatus
from interpreter.failure.failure import StepFailed
from interpreter.program.compiled import compile_program
from interpreter.snapshot import export_state, restore_state
from interpreter.state.reset import take_over_undone
from interpreter.state.run import Run
from tests.support.fake_effects import FakeEffects
from tests.support.virtual_time import run_in_virtual_time
from tests.support.whole_run import WholeRun

HEAD = """\
dsl: "1"
name: reset
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
"""
STEPS = (
    HEAD
    + """\
steps:
  - {id: a, activity: do, args: [a], compensate: {activity: undo, args: [a]}}
  - {id: b, activity: do, args: [b], compensate: {activity: undo, args: [b]}}
"""
)
UNDONE, UNDOING, NOT_UNDONE = UndoneStatus.UNDONE, UndoneStatus.UNDOING, UndoneStatus.NOT_UNDONE


def report(**steps: tuple[UndoneStatus, int, int]) -> ResetReport:
    """Report what has become of steps: status, how often they were undone, and how often the run does not know."""
    told = {
        path: UndoneApart(UndoneRecord(status, times), more) for path, (status, times, more) in steps.items()
    }
    return ResetReport(told, ("run-0",))


class World:
    """A run whose activity `do` can be held up for some steps."""

    def __init__(self, text: str) -> None:
        self.held: dict[str, asyncio.Event] = {}
        self.begun = asyncio.Event()
        self.fails: set[str] = set()
        self.effects = FakeEffects({"do": self._do, "undo": self._undo})
        self.run = Run(compile_program(text), self.effects)
        self.whole = WholeRun(self.run)

    async def _do(self, step: str) -> str:
        if step in self.held:
            self.begun.set()
            await self.held[step].wait()
        if step in self.fails:
            raise ValueError(step)
        return step

    async def _undo(self, step: str) -> None:
        if f"undo {step}" in self.held:
            self.begun.set()
            await self.held[f"undo {step}"].wait()

    @property
    def keys(self) -> list[str]:
        """The calls, with what they call and their keys."""
        return [f"{call.name} {call.key.partition('/')[2]}" for call in self.effects.calls]

    async def begin(self, *, until: str | None = None) -> asyncio.Task[JsonValue]:
        """Begin, and wait until something is held up."""
        if until is not None:
            self.held[until] = asyncio.Event()
        work = asyncio.ensure_future(self.whole.execute())
        if until is None:
            await asyncio.sleep(1)
        else:
            await self.begun.wait()
        return work

    def times(self) -> dict[str, int]:
        """What the memo tells."""
        return {path: record.times for path, record in self.effects.undone.items()}


def in_virtual_time(text: str, story: Callable[[World], Any]) -> World:
    async def tell() -> World:
        world = World(text)
        await story(world)
        return world

    return run_in_virtual_time(tell())


def test_nothing_is_called_before_it_is_told_and_the_keys_are_the_next_ones() -> None:
    async def story(world: World) -> None:
        world.effects.is_reset = True
        work = await world.begin()
        assert world.keys == []
        world.effects.answer_reset(report(a=(UNDONE, 2, 2)))
        await work

    world = in_virtual_time(STEPS, story)
    assert world.keys == ["do a#3", "do b"]
    assert world.times() == {"a": 2}


def test_what_is_undone_after_that_counts_on() -> None:
    async def story(world: World) -> None:
        world.effects.is_reset, world.fails = True, {"b"}
        work = await world.begin()
        world.effects.answer_reset(report(a=(NOT_UNDONE, 1, 1)))
        with pytest.raises(StepFailed):
            await work

    world = in_virtual_time(STEPS, story)
    assert world.keys == ["do a#2", "do b", "undo a#2"]
    assert world.times() == {"a": 2}


def test_a_step_that_is_no_more_fails_the_run_and_on_failure_has_no_say() -> None:
    async def story(world: World) -> None:
        work = await world.begin(until="b")
        world.effects.is_reset = True
        world.held["b"].set()
        await asyncio.sleep(1)
        world.effects.answer_reset(report(a=(UNDONE, 2, 2)))
        with pytest.raises(StepFailed) as failed:
            await work
        assert failed.value.failure.type == "UndoneBeforeReset"
        assert ": a. " in failed.value.failure.message

    text = STEPS + "on_failure: {result: true, steps: [{activity: do, args: [c]}]}\n"
    world = in_virtual_time(text, story)
    assert world.keys == ["do a", "do b", "undo b", "undo a"]
    assert world.times() == {"a": 2, "b": 1}
    assert world.run.status == "failed"


def test_the_finally_of_a_run_that_had_completed_comes_before_it_is_undone() -> None:
    async def story(world: World) -> None:
        work = await world.begin(until="c")
        world.effects.is_reset = True
        world.held["c"].set()
        await asyncio.sleep(1)
        world.effects.answer_reset(report(a=(UNDONE, 1, 1)))
        with pytest.raises(StepFailed) as failed:
            await work
        assert failed.value.failure.type == "UndoneBeforeReset"

    text = STEPS + "finally: [{id: c, activity: do, args: [c]}]\n"
    world = in_virtual_time(text, story)
    assert world.keys == ["do a", "do b", "do c", "undo b", "undo a"]


def test_what_it_is_undoing_itself_is_no_matter_and_counted_once() -> None:
    async def story(world: World) -> None:
        world.fails = {"b"}
        work = await world.begin(until="undo a")
        world.effects.is_reset = True
        world.effects.answer_reset(report(a=(UNDONE, 1, 1)))
        world.held["undo a"].set()
        with pytest.raises(StepFailed) as failed:
            await work
        assert failed.value.failure.type == "ValueError"

    world = in_virtual_time(STEPS, story)
    assert world.times() == {"a": 1}


def test_a_step_that_may_be_undone_at_this_moment_is_not_begun() -> None:
    async def story(world: World) -> None:
        world.effects.is_reset = True
        work = await world.begin()
        world.effects.answer_reset(report(b=(UNDOING, 0, 0)))
        with pytest.raises(StepFailed) as failed:
            await work
        assert ": b. " in failed.value.failure.message

    world = in_virtual_time(STEPS, story)
    assert world.keys == []
    assert world.effects.undone["b"].status is UNDOING


def test_what_could_not_be_undone_and_has_not_begun_keeps_its_key() -> None:
    async def story(world: World) -> None:
        world.effects.is_reset = True
        work = await world.begin()
        world.effects.answer_reset(report(b=(NOT_UNDONE, 0, 0)))
        await work

    world = in_virtual_time(STEPS, story)
    assert world.keys == ["do a", "do b"]
    assert world.times() == {}


def test_nobody_can_say() -> None:
    async def story(world: World) -> None:
        world.effects.is_reset = True
        work = await world.begin()
        world.effects.answer_reset(ResetReport({}, unknown="run 7 is no more"))
        with pytest.raises(StepFailed) as failed:
            await work
        assert "nobody can say what was undone since: run 7 is no more" in failed.value.failure.message

    assert in_virtual_time(STEPS, story).keys == []


def test_many_steps_are_not_all_named() -> None:
    run = Run(compile_program(STEPS), FakeEffects({}))
    steps = {f"s{number:02}": (UNDOING, 0, 0) for number in range(12)}
    failure = take_over_undone(run, report(**steps))
    assert failure is not None
    assert ": s00, s01, s02, s03, s04, s05, s06, s07, s08, s09 and 2 more. " in failure.message


def test_the_counts_go_along_when_the_run_continues_as_new() -> None:
    async def story(world: World) -> None:
        world.effects.is_reset, world.held["a"] = True, asyncio.Event()
        work = await world.begin()
        world.effects.answer_reset(report(a=(UNDONE, 1, 1), b=(UNDONE, 1, 1)))
        await world.begun.wait()
        run = Run(world.run.program, world.effects)
        world.run.started_at = world.effects.now()
        restore_state(run, export_state(world.run))
        assert run.undone_apart == world.run.undone_apart
        assert run.undone_apart.skipped == {"a": 1, "b": 1}
        world.held["a"].set()
        await work

    in_virtual_time(STEPS, story)


def test_a_run_that_was_reset_does_not_continue_as_new_before_it_is_told() -> None:
    async def story(world: World) -> None:
        work = await world.begin(until="a")
        world.effects.is_reset, world.effects.force_continue_as_new = True, True
        world.held["a"].set()
        await asyncio.sleep(1)
        assert world.whole.runs == 1
        world.effects.answer_reset(report())
        await work
        assert world.whole.runs > 1

    assert in_virtual_time(STEPS, story).keys == ["do a", "do b"]


ITEMS = (
    HEAD
    + """\
steps:
  - id: all
    for_each: "['x', 'y']"
    key: item
    steps: [{id: one, child_workflow: {type: do}, args: ["${ item }"]}]
"""
)


def test_a_child_that_runs_will_tell_itself() -> None:
    """Its path in keys is found also inside of a loop whose items have names."""

    async def story(world: World) -> None:
        world.held["x"] = asyncio.Event()
        work = asyncio.ensure_future(world.whole.execute())
        await asyncio.sleep(1)
        world.effects.is_reset = True
        steps = {"all[x]/one": (UNDONE, 1, 1), "all[y]/one": (UNDONE, 1, 1)}
        world.effects.answer_reset(report(**steps))
        assert world.run.undone_apart.known == {"all[x]/one": 1}
        assert world.run.undone_apart.skipped == {"all[y]/one": 1}
        world.held["x"].set()
        await work

    in_virtual_time(ITEMS, story)
