"""A service that is idempotent by key, as a real one has to be, and the runs of one workflow id that call it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dsl.scalars.json_value import JsonValue
from interpreter.effects import Effects
from interpreter.failure.failure import StepFailed
from interpreter.lifecycle import execute
from interpreter.messages.handlers import receive_signal
from interpreter.program.compiled import compile_program
from interpreter.program.model import Program
from interpreter.resume.remains import Remains, copy_state
from interpreter.snapshot import State, restore_state
from interpreter.state.continue_as_new import ContinueAsNew
from interpreter.state.run import Run
from tests.support.fake_attempt import ActivityFailed, current_attempt
from tests.support.fake_effects import FakeEffects
from tests.support.script import Script
from tests.support.virtual_time import run_in_virtual_time

Behaviours = Mapping[str, list[dict[str, Any]]]


@dataclass
class Service:
    """What there is: an effect for each key, and a tombstone for each that was undone."""

    effects: set[str] = field(default_factory=set[str])
    tombstones: set[str] = field(default_factory=set[str])
    calls: list[str] = field(default_factory=list[str])
    """The keys with which it was asked to do something, in order."""
    told: set[str] = field(default_factory=set[str])
    """The keys of which somebody was told that it is done; an attempt that was left behind does not change that."""
    refused: list[str] = field(default_factory=list[str])
    """The keys that it was asked for after they had been undone."""
    blocks: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """Name of a block → those of the steps inside it, which are undone with it."""
    queues: frozenset[str] = frozenset()
    """The activities that keep dead letters: another service, whose keys are not those of effects."""
    is_cut_off: bool = False
    """Nobody reaches it any more: the worker is dead."""

    def is_inside(self, key: str, undone: str) -> bool:
        """Whether what has this key was done inside the block with the other one."""
        place = undone.partition("#")[0]
        if key.startswith(f"{place}["):  # an iteration of a loop
            return True
        around, _, block = place.rpartition("/")
        inside = key.partition("#")[0].removeprefix(f"{around}/")
        name = inside.partition("/")[0].partition("[")[0]
        return inside != key and name in self.blocks.get(block, ())

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Let an activity have effects. One that fails by itself has none; one that is stopped may have had it."""

        async def wrapped(*args: Any) -> Any:
            call = current_attempt().call
            if self.is_cut_off:
                raise ActivityFailed("nobody is there", "Dead", non_retryable=True)
            if call.name in self.queues:
                return await function(*args)
            if call.undoes:
                result = await function(*args)
                gone = {call.key, *(key for key in self.effects if self.is_inside(key, call.key))}
                self.tombstones |= gone
                self.effects -= gone
                return result
            self.calls.append(call.key)
            if call.key in self.tombstones:
                self.refused.append(call.key)
                raise ActivityFailed(f"{call.key} was undone", "Undone", non_retryable=True)
            if call.key in self.effects:
                self.told.add(call.key)
                return {"x": 1}
            self.effects.add(call.key)
            try:
                return await function(*args)
            except ActivityFailed:
                if call.key not in self.told:
                    self.effects.discard(call.key)
                raise

        return wrapped


@dataclass
class Outcome:
    """How the last run of the workflow id has ended."""

    status: str
    """`terminated` if it was."""
    run: Run
    remains: Remains
    error: str | None = None


@dataclass
class Workflow:
    """One workflow id: each of its runs goes on from what the one before has left, or begins anew."""

    program: Program
    service: Service
    data: JsonValue = None

    @staticmethod
    def of(text: str, data: JsonValue = None) -> Workflow:
        """Make one of the text of a definition."""
        program = compile_program(text)
        blocks = {
            path: frozenset(each.path for part in node.parts for each in part.walk())
            for path, node in program.nodes.items()
        }
        queues = program.definition.dead_letter_queues.values()
        names = frozenset(each.activity for each in queues if each.activity is not None)
        return Workflow(program, Service(blocks=blocks, queues=names), data)

    def execute(
        self,
        behaviours: Behaviours,
        *,
        state: State | None = None,
        kill_at: float | None = None,
        cancel_at: float | None = None,
        signals: tuple[tuple[str, float], ...] = (),
        many_runs: bool = False,
    ) -> Outcome:
        """Run it to its end.

        Args:
            behaviours: What the activities do.
            state: The state to go on from.
            kill_at: When it is terminated, with its worker: seconds after the start.
            cancel_at: When somebody asks it to stop.
            signals: What it is sent, and when.
            many_runs: Whether it continues as new wherever it can.
        """
        self.service.is_cut_off = False
        script = Script(behaviours)
        activities = {name: self.service.wrap(each) for name, each in script.activities().items()}
        effects = FakeEffects(activities, force_continue_as_new=many_runs)
        return run_in_virtual_time(self._execute(effects, state, kill_at, cancel_at, signals))

    async def _execute(
        self,
        effects: FakeEffects,
        state: State | None,
        kill_at: float | None,
        cancel_at: float | None,
        signals: tuple[tuple[str, float], ...],
    ) -> Outcome:
        chain = _Chain(self, effects, state)
        work = asyncio.ensure_future(chain.execute())
        loop = asyncio.get_running_loop()
        for name, at in signals:
            loop.call_later(at, chain.receive, name)
        if cancel_at is not None:
            loop.call_later(cancel_at, _cancel, effects, work)
        await asyncio.wait({work}, timeout=kill_at)
        remains = Remains.take(chain.run, chain.decided)
        self.service.is_cut_off = True  # what the loop takes apart now is of runs that are over
        if not work.done():
            return Outcome("terminated", chain.run, remains)
        if work.cancelled():
            return Outcome("cancelled", chain.run, remains)
        error = work.exception()
        if error is None:
            return Outcome("completed", chain.run, remains)
        assert isinstance(error, StepFailed), error
        return Outcome("failed", chain.run, remains, str(error))


class _Chain:
    def __init__(self, workflow: Workflow, effects: FakeEffects, state: State | None) -> None:
        self.workflow, self.effects = workflow, effects
        self.left: list[Any] = []
        self.begin(state)

    def begin(self, state: State | None) -> None:
        """Make a run, or one that goes on from a state."""
        world: Effects = self.effects
        self.run = Run(self.workflow.program, world, self.workflow.data)
        self.decided: State | None = None
        if state is not None:
            restore_state(self.run, json.loads(json.dumps(state, sort_keys=True)))
        self.run.when_decided = self._note_decision

    async def execute(self) -> JsonValue:
        while True:
            try:
                return await execute(self.run)
            except ContinueAsNew as again:
                self.left.append(again.suspended)
                self.effects.runs += 1
                self.begin(again.state)

    def receive(self, name: str) -> None:
        """Send the run that is running a signal."""
        receive_signal(self.run, name, [])

    def _note_decision(self) -> None:
        self.decided = copy_state(self.run)


def _cancel(effects: FakeEffects, work: asyncio.Future[Any]) -> None:
    if not work.done():
        effects.cancelled = True
        work.cancel()
