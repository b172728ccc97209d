"""The outside world of a run in one process and in virtual time: a fake of the port `interpreter.effects`.

Think of a server, a worker and the services behind it, all played by one object. A test gives it functions as
activities, runs the core on it, and hours of waiting pass in no time (`virtual_time`). Nothing here needs Temporal:
fake and core run where temporalio is not installed, and `tests/interpreter/test_without_temporalio.py` proves it.

**How far it can be trusted.** Every case of `tests/cases/run` runs on the fake and on a real server, and both must
agree: on the result, the calls, the attempts, types and messages of errors, `retry_state`, and what is undone. Where
they disagree, the fake is wrong. It decides about retries with the core's own functions, so that it can't drift away
from what a worker does; the server's own decisions are modelled as they were measured.

**What it models**, and where:

- the clock, chance, and the requests to stop that a run has been sent: here;
- the attempts of an activity, its timeouts, and a worker that is asked to stop one: `fake_activities`;
- whether there is another attempt, when, and what the run hears if there is none: `fake_retries`;
- children, which are definitions or registered types, and their retries: `fake_children`;
- the built-in dead-letter queue, as lists of records: here;
- a run that continues as new, as often as it can if a test wants that: `whole_run`;
- what an activity can know and tell: `fake_attempt`;
- shared circuit breakers: `fake_breakers`.

**What it does not model.** Only the real server shows these:

- replay, workflow tasks, the sandbox, and the history with its limits: nothing is too large here;
- the loss of a worker, except as heartbeats that do not come: nobody stops in the middle of an attempt;
- what an attempt before has sent with its last heartbeat;
- arguments and results as JSON: an activity gets the very objects of the run;
- a call with a wrong number of arguments, which a real worker makes final;
- local activities: they run as any other;
- a shared circuit breaker that is seen late, or can't be reached;
- several workers: a task on a queue that is not the worker's own waits until it times out;
- the timeouts of workflows, but for those of a child that undoes nothing;
- the close policy of parents, and whoever else stops, terminates, resets or starts a run;
- causes that an activity's error has in Python.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from dsl.expressions import JsonValue
from interpreter.concurrency.wait_queue import WaitQueue
from interpreter.effects import (
    ActivityCall,
    ActivityResult,
    Cancellation,
    ChildCall,
    LetterAddress,
    LetterCall,
    LetterNews,
    ResetReport,
    SignalCall,
    UndoneRecord,
)
from interpreter.events import Event
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.messages.breaker_wakes import wake_step
from interpreter.shared_breaker.waiters import Waiter
from interpreter.state.run import Run
from tests.support.fake_activities import Activities, FakeActivities
from tests.support.fake_breakers import FakeBreakers
from tests.support.fake_children import run_child
from tests.support.virtual_time import let_arrive

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class FakeEffects:
    """`interpreter.effects.Effects` without Temporal."""

    activities: Activities
    """Also what registered workflow types do that are children here."""
    workflow_id: str = "run-1"
    run_id: str = "run-1-1"
    cancelled: bool = False
    has_parent: bool = False
    calls: list[ActivityCall] = field(default_factory=list)
    """What was scheduled, in order."""
    shown: defaultdict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))
    """Path of a step → whether it has begun."""
    running: set[str] = field(default_factory=set)
    """Ids of the children that run."""
    dice: Random = field(default_factory=lambda: Random(1))
    force_continue_as_new: bool = False
    """Suggests at every checkpoint to continue as new."""
    urgent: bool = False
    """What is suggested has to be."""
    runs: int = 1
    """Number of the run that goes on: no timer of those before it ever fires."""
    sent: list[SignalCall] = field(default_factory=list)
    is_observed: bool = True
    observed: list[Event] = field(default_factory=list)
    """What those who listen were told, in order."""
    undone: dict[str, UndoneRecord] = field(default_factory=dict)
    """What has become of effects, as the memo of a run keeps it."""
    letters: dict[LetterAddress, list[Mapping[str, Any]]] = field(
        default_factory=lambda: defaultdict[LetterAddress, list[Mapping[str, Any]]](list)
    )
    """What the built-in dead-letter queue keeps: the records of each letter, in order."""
    told: list[tuple[LetterAddress, Mapping[str, Any]]] = field(
        default_factory=list[tuple[LetterAddress, Mapping[str, Any]]]
    )
    """What letters were told of the end of their run."""
    resolved: list[tuple[LetterAddress, Mapping[str, Any]]] = field(
        default_factory=list[tuple[LetterAddress, Mapping[str, Any]]]
    )
    """The orders of the run to letters whose effects it has done."""
    repaired_by: str | None = None
    unknown: frozenset[str] = frozenset()
    """What the release that has begun the run did not do."""
    most_bytes: float = math.inf
    """How large a record may be."""
    task_queue: str = "queue"
    """Of the only worker."""
    current: dict[str, Run] = field(default_factory=dict)
    """Workflow id → the run that is running, for those whom a shared circuit breaker wakes."""
    breakers: FakeBreakers = field(init=False)
    """Those of all workflows."""
    is_reset: bool = False
    when_reset: Callable[[ResetReport], None] = lambda _: None
    """Is told what was undone since the run was reset."""
    answered: WaitQueue = field(default_factory=WaitQueue)
    mailbox: Callable[[SignalCall], bool] = lambda _: False
    """Delivers a signal; whether there is such a workflow."""

    def __post_init__(self) -> None:
        self.breakers = FakeBreakers(self.now, self._wake)

    def now(self) -> datetime:
        return START + timedelta(seconds=asyncio.get_running_loop().time())

    def random(self) -> float:
        return self.dice.random()

    def cancel_requested(self) -> bool:
        return self.cancelled

    def record_letter(self, queue: str) -> None:
        pass

    def on_reset(self, told: Callable[[ResetReport], None]) -> None:
        self.when_reset = told

    async def settle_reset(self) -> None:
        while self.is_reset:
            await self.answered.wait()

    def answer_reset(self, report: ResetReport) -> None:
        """Tell the run what was undone since it was reset, which `is_reset` has said before."""
        self.when_reset(report)
        self.is_reset = False
        self.answered.notify_all()

    def record_undone(self, records: Mapping[str, UndoneRecord]) -> None:
        self.undone.update(records)

    async def write_letter(self, call: LetterCall) -> None:
        """Keep a record once the server has answered, which takes a moment."""
        await asyncio.sleep(0)
        self.letters[call.letter].append(call.record)

    async def tell_letters(
        self, letters: Sequence[LetterAddress], news: LetterNews, message: Mapping[str, Any]
    ) -> None:
        told = self.told if news == "run_end" else self.resolved
        told += ((letter, message) for letter in letters)

    def fits(self, value: JsonValue) -> bool:
        return self.most_bytes == math.inf or len(json.dumps(value)) <= self.most_bytes

    def may_do(self, change: str) -> bool:
        return change not in self.unknown

    def describe_start(self) -> Mapping[str, Any]:
        return {"workflow_type": "stepfile:fake", "task_queue": self.task_queue, "memo": {}, "request": {}}

    def check_result(self, result: JsonValue) -> None:
        """Nothing is too large."""

    def show(self, details: str) -> None:
        self.shown[details].set()

    def observe(self, event: Event) -> None:
        self.observed.append(event)

    def check_state(self, state: Mapping[str, Any]) -> None:
        """Nothing is too large."""

    def can_continue_as_new(self) -> bool:
        return True

    def continue_as_new_suggested(self) -> bool:
        return self.force_continue_as_new

    def continue_as_new_urgent(self) -> bool:
        return self.urgent

    def history_is_full(self) -> str | None:
        return None

    async def signal(self, call: SignalCall) -> None:
        self.sent.append(call)
        if not self.mailbox(call):
            message = f'the signal "{call.name}" was not sent to "{call.workflow_id}"'
            raise StepFailed(Failure("SignalFailed", message, outcome=Outcome.NOT_STARTED))

    async def sleep(self, duration: timedelta, summary: str | None = None) -> None:
        run = self.runs
        await asyncio.sleep(max(duration.total_seconds(), 0))
        if run != self.runs:
            await asyncio.get_running_loop().create_future()

    async def call_activity(self, call: ActivityCall) -> ActivityResult:
        await self.settle_reset()
        self.calls.append(call)
        work = asyncio.ensure_future(self.run_attempts(call))
        cancelled = asked = False
        while not work.done():
            try:
                if cancelled:
                    await let_arrive()
                    cancelled = False
                    if call.cancellation is Cancellation.ABANDON:
                        break
                    if not asked:  # the server delivers a second request to nobody
                        asked = work.cancel()
                    if call.cancellation is Cancellation.TRY:
                        break
                await asyncio.wait([work])
            except asyncio.CancelledError:
                cancelled = True
        if not work.done():
            raise asyncio.CancelledError
        return work.result()

    async def run_attempts(self, call: ActivityCall) -> ActivityResult:
        """Run an activity to its end; see `FakeActivities.run`."""
        worker = FakeActivities(
            self.activities, self.task_queue, self.workflow_id, self.dice.random, self.breakers
        )
        return await worker.run(call)

    async def call_child(self, call: ChildCall) -> JsonValue:
        return await run_child(self, call)

    def build_child_world(self, workflow_id: str, run_id: str) -> FakeEffects:
        """Make the world of a child: the same server and worker, but another workflow."""
        world = replace(
            self,
            workflow_id=workflow_id,
            run_id=run_id,
            has_parent=True,
            undone={},
            observed=[],
            cancelled=False,
        )
        world.breakers = self.breakers
        return world

    def _wake(self, waiter: Waiter, generation: int) -> None:
        wake_step(self.current[waiter.workflow_id], waiter.step, generation)
