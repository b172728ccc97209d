"""Run a random world in virtual time and write down everything that the core did, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from interpreter.effects import ActivityCall, ActivityResult
from interpreter.failure.failure import StepFailed
from interpreter.messages.handlers import receive_signal
from interpreter.program.compiled import compile_program
from interpreter.program.model import Program
from interpreter.program.paths import step_of_activity
from interpreter.state.run import Run
from interpreter.state.status import take_snapshot
from tests.interpreter.definitions import World
from tests.support.fake_effects import FakeEffects
from tests.support.script import Script
from tests.support.virtual_time import run_in_virtual_time
from tests.support.whole_run import WholeRun


@dataclass(frozen=True)
class Event:
    """One thing that has happened."""

    kind: str
    """`step` for a step that begins; `call`, and for how it ended `completed`, `failed`, `unknown`, `cancelled`;
    `cancel requested`; `deadline`; `wait`; `end`. And of an activity `begins` and `stops`."""
    path: str
    """Of the step; the name of an activity."""
    at: float
    key: str = ""
    """The idempotency key of what is called."""
    status: str = "running"
    """Of the run, at that moment."""


@dataclass
class Record:
    """One run."""

    program: Program
    status: str
    result: Any
    error: dict[str, Any] | None
    snapshot: dict[str, Any]
    events: list[Event]
    was_failing: bool
    """The run failed, also if `on_failure` then made a result of that."""
    runs: int = 1
    """How often it has continued as new, and one."""
    undone: dict[str, str] = field(default_factory=dict)
    """What the memo of the run keeps: path of a step in keys → what has become of its effect."""


@dataclass
class _Recording(FakeEffects):
    events: list[Event] = field(default_factory=list)
    whole: WholeRun | None = None

    def note(self, kind: str, path: str = "", key: str = "") -> None:
        status = self.whole.run.status if self.whole else "running"
        self.events.append(Event(kind, path, asyncio.get_running_loop().time(), key, status))

    def show(self, details: str) -> None:
        super().show(details)
        if details and not details.startswith("undoing "):  # else it is over, or tells more of the same step
            self.note("step", details)

    async def call_activity(self, call: ActivityCall) -> ActivityResult:
        path = step_of_activity(call.id)
        self.note("call", path, call.key)
        try:
            result = await super().call_activity(call)
        except StepFailed as failed:
            self.note("unknown" if failed.failure.timeout_type else "failed", path, call.key)
            raise
        except asyncio.CancelledError:
            self.note("cancelled", path, call.key)
            raise
        self.note("completed", path, call.key)
        return result

    def watched(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The activity, with notes of when it runs."""

        async def watched(*args: Any) -> Any:
            self.note("begins", name)
            try:
                return await function(*args)
            finally:
                self.note("stops", name)

        return watched

    async def sleep(self, duration: timedelta, summary: str | None = None) -> None:
        if summary != "deadline":
            self.note("wait", summary or "")
        await super().sleep(duration, summary)
        if summary == "deadline":
            self.note("deadline")


def record(world: World, *, force_continue_as_new: bool = False) -> Record:
    """Run it.

    Args:
        world: What to run.
        force_continue_as_new: Whether it continues as new wherever it can.

    Raises:
        NothingWillHappen: the run can't end.
    """
    if world.cancel is None:
        return run_in_virtual_time(_record(world, None, force_continue_as_new))
    event, later = world.cancel
    undisturbed = run_in_virtual_time(_record(world, None, False)).events
    return run_in_virtual_time(
        _record(world, undisturbed[event % len(undisturbed)].at + later, force_continue_as_new)
    )


async def _record(world: World, cancel_at: float | None, force_continue_as_new: bool) -> Record:
    script = Script(world.behaviours)
    effects = _Recording({}, force_continue_as_new=force_continue_as_new)
    effects.activities = {name: effects.watched(name, do) for name, do in script.activities().items()}
    whole = effects.whole = WholeRun(Run(compile_program(world.text), effects))
    work = asyncio.ensure_future(whole.execute())
    for name, at in world.signals:
        asyncio.get_running_loop().call_later(at, _sender(whole, name))
    if cancel_at is not None:
        asyncio.get_running_loop().call_later(cancel_at, _canceller(effects, work))
    status, result, error = "completed", None, None
    try:
        result = await work
    except StepFailed as failed:
        status, error = "failed", failed.failure.to_json()
    except asyncio.CancelledError:
        status = "cancelled"
    run = whole.run
    effects.note("end")
    return Record(
        program=run.program,
        status=status,
        result=result,
        error=error,
        snapshot=take_snapshot(run),
        events=list(effects.events),
        was_failing=run.failure is not None,
        runs=whole.runs,
        undone={path: each.status.value for path, each in effects.undone.items()},
    )


def _sender(whole: WholeRun, name: str) -> Callable[[], None]:
    return lambda: receive_signal(whole.run, name, [])


def _canceller(effects: _Recording, work: asyncio.Future[Any]) -> Callable[[], None]:
    def cancel() -> None:
        if not work.done():
            effects.note("cancel requested")
            effects.cancelled = True
            work.cancel()

    return cancel
