"""The whole outside world of a run, on one page. The core does nothing but call these."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from dsl.expressions import JsonValue, Limits, SecretPlace
from dsl.model import ActivityTimeouts, CircuitBreaker, RetryPolicy, WorkflowTimeouts
from dsl.model.children import ParentClosePolicy
from interpreter.events import Event
from interpreter.predecessor import NO_PREDECESSOR, Predecessor
from interpreter.program.model import Program


class NeverStarted(asyncio.CancelledError):
    """What was cancelled had not begun: it has certainly done nothing."""


class Cancellation(Enum):
    """What happens to an activity or child that runs when its step is cancelled (Temporal's cancellation types)."""

    WAIT = "wait"
    """Ask it to stop and wait until it has: nothing is undone while it still runs."""
    TRY = "try"
    """Ask it to stop and go on at once."""
    ABANDON = "abandon"
    """Go on at once and leave it alone."""


class HiddenPlace(NamedTuple):
    """Where in the arguments of a call a secret value of the input is."""

    label: str
    """What people are shown instead: `[writeOnly input.card]`."""
    at: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class BreakerCall:
    """The shared circuit breaker that the worker of an activity asks before each attempt."""

    name: str
    key: str
    """Which of the breakers of that name; "" if they have no keys."""
    waiter: str | None
    """By which name the step wants to be woken when it may be tried again; None: it does not wait."""
    settings: CircuitBreaker
    since: datetime
    """When the run began that says so: of several settings, the latest hold."""
    known: int = 0
    """What the breaker has told the run of its state: the number of a change."""
    final_error_types: tuple[str, ...] = ()
    """Errors that the retry policy calls non-retryable."""


@dataclass(frozen=True, slots=True)
class TaskPriority:
    """Which of the waiting tasks of a task queue its workers get first. None stands for what the run has."""

    key: int | None = None
    """Tasks with a smaller one come first."""
    fairness_key: str | None = None
    """Tasks of the same `key` share the workers by it."""
    fairness_weight: float | None = None
    """The share of the fairness key."""


@dataclass(frozen=True, slots=True)
class ActivityCall:
    """One activity, ready to be scheduled."""

    id: str
    """Unique in the run."""
    key: str
    """The idempotency key: of the effect, whatever the number of the attempt."""
    name: str
    args: tuple[JsonValue, ...]
    summary: str
    task_queue: str | None
    timeouts: ActivityTimeouts
    retry: RetryPolicy
    cancellation: Cancellation
    local: bool = False
    """Run by the worker of the workflow, without the server."""
    undoes: bool = False
    """Whether it is a compensation, or a part of one."""
    breaker: BreakerCall | None = None
    """The shared circuit breaker that guards what it calls, if one does."""
    secrets: tuple[SecretPlace, ...] = ()
    """Where in `args` the worker fills in the values of secrets. In `args` stands how they are written."""
    hidden: tuple[HiddenPlace, ...] = ()
    """Where in `args` are secret values of the input, which the worker must not show to people."""
    priority: TaskPriority | None = None


@dataclass(frozen=True, slots=True)
class ActivityResult:
    """What an activity returned, and after how many attempts (None: its worker does not tell)."""

    value: JsonValue
    attempts: int | None


@dataclass(frozen=True, slots=True)
class ChildCall:
    """One child workflow, ready to be started."""

    id: str
    """Its workflow id."""
    name: str
    """The name of the definition, or of the registered type."""
    program: Program | None
    """The definition; None for a registered type."""
    args: tuple[JsonValue, ...]
    """A definition has one, its input."""
    limits: Limits
    summary: str
    task_queue: str | None
    timeouts: WorkflowTimeouts
    retry: RetryPolicy | None
    parent_close_policy: ParentClosePolicy
    cancellation: Cancellation
    only_started: bool = False
    """Nobody waits for its end."""
    predecessor: Predecessor = NO_PREDECESSOR
    priority: TaskPriority | None = None

    @property
    def undoes_if_cancelled(self) -> bool:
        """Whether it undoes what it has done when it is cancelled. If it can't undo all, it fails instead."""
        return self.program is not None and self.program.definition.saga.on_cancel == "compensate"


@dataclass(frozen=True, slots=True)
class SignalCall:
    """A signal to another workflow."""

    workflow_id: str
    name: str
    args: tuple[JsonValue, ...]


LetterNews: TypeAlias = Literal["run_end", "order"]
"""What a letter is told: how its run has ended (`RunEnd`), or that a run has done what had failed (`Order`)."""


class LetterAddress(NamedTuple):
    """Where a letter of the built-in dead-letter queue is."""

    queue: str
    key: str
    """The key of its record."""


@dataclass(frozen=True, slots=True)
class LetterCall:
    """A record for the built-in dead-letter queue."""

    letter: LetterAddress
    record: Mapping[str, Any]
    summary: str


class UndoneStatus(Enum):
    """What has become of the effect of a step that was to be undone."""

    UNDOING = "undoing"
    """Its compensation has begun."""
    UNDONE = "undone"
    NOT_UNDONE = "not_undone"
    """Its compensation has failed, or was not tried because one before it had failed."""


@dataclass(frozen=True, slots=True)
class UndoneRecord:
    """What is kept on the run about the effect of one step, see `Effects.record_undone`."""

    status: UndoneStatus
    times: int
    """How often the effect of the step was undone, in this run and those that it goes on from."""
    skipped: tuple[str, str] | None = None
    """Who has said that it is not to be undone any more, and why."""
    left: bool = False
    """Whether a child has left it that nothing undoes, so that nobody has tried to."""


@dataclass(frozen=True, slots=True)
class UndoneApart:
    """What other runs have done about the effect of one step, that a run does not know which was reset."""

    record: UndoneRecord
    """What is known of the effect now. It counts all undoings, those that the run knows of included."""
    more: int
    """How many of them the run does not know of."""


@dataclass(frozen=True, slots=True)
class ResetReport:
    """What a run learns that was reset: what other runs of its workflow id have undone since."""

    steps: Mapping[str, UndoneApart]
    """Path of the step in idempotency keys → what has become of its effect. Only of steps of which the run does not
    know it."""
    runs: tuple[str, ...] = ()
    """The ids of the runs that have undone something."""
    unknown: str | None = None
    """Why all that can't be known, as a sentence without a full stop; None if it is known."""
    children: Mapping[str, Predecessor] = field(default_factory=dict[str, Predecessor])
    """Workflow id → what was undone, of the children of these runs."""


class Effects(Protocol):
    """The port between the core and the machine that runs it: Temporal, or a fake in tests.

    Every method is deterministic under replay. The awaited ones raise `asyncio.CancelledError` when the run
    or the enclosing task is cancelled.
    """

    @property
    def workflow_id(self) -> str: ...

    @property
    def run_id(self) -> str: ...

    def now(self) -> datetime:
        """The replay-safe clock, in UTC."""
        ...

    def random(self) -> float:
        """A number from 0 up to, but not including, 1: the same on every replay."""
        ...

    @property
    def has_parent(self) -> bool:
        """Whether another workflow has started this run as its child."""
        ...

    def cancel_requested(self) -> bool:
        """Whether somebody has asked this run to stop, ever since it started."""
        ...

    async def call_activity(self, call: ActivityCall) -> ActivityResult:
        """Run an activity, with the server's timeouts and retries.

        A cancellation that comes together with its end does not hide how it ended; the caller asks for the
        request itself. One that comes earlier is waited for as `call.cancellation` says.

        Raises:
            NeverStarted: it was cancelled before it was scheduled.
            StepFailed: it failed, and its retry policy is exhausted or forbids another attempt.
        """
        ...

    async def call_child(self, call: ChildCall) -> JsonValue:
        """Run a child workflow; cancellation as for activities. One that is only started results in
        `{workflow_id, run_id}`.

        Raises:
            StepFailed: `ChildWorkflowFailed`, or `ChildWorkflowAlreadyStarted`.
        """
        ...

    async def signal(self, call: SignalCall) -> None:
        """Send a signal.

        Raises:
            StepFailed: `SignalFailed`: there is no such workflow.
        """
        ...

    def can_continue_as_new(self) -> bool:
        """Whether the run may ever go on as a new one."""
        ...

    def continue_as_new_suggested(self) -> bool:
        """Whether the history has grown so long that the run should go on as a new one."""
        ...

    def continue_as_new_urgent(self) -> bool:
        """Whether it has grown so long that the run must, even if some of it has to wait for the rest."""
        ...

    def history_is_full(self) -> str | None:
        """What to say when the server would soon end the run, so long is its history; None while it would not."""
        ...

    async def sleep(self, duration: timedelta, summary: str | None = None) -> None:
        """A durable timer; at least one millisecond, so that it is always a point of progress."""
        ...

    async def write_letter(self, call: LetterCall) -> None:
        """Hand a record to the built-in dead-letter queue; it is kept when this returns.

        The letter goes on when this run ends, however it ends. If there is one of this address already, it is told
        that the effect has failed again.
        """
        ...

    async def tell_letters(
        self, letters: Sequence[LetterAddress], news: LetterNews, message: Mapping[str, Any]
    ) -> None:
        """Tell letters of the built-in queue something; those that are no more need not know.

        Args:
            letters: To which.
            news: What it is.
            message: The same, as JSON.
        """
        ...

    def fits(self, value: JsonValue) -> bool:
        """Whether a record can be sent to a dead-letter queue, or is too large."""
        ...

    def may_do(self, change: str) -> bool:
        """Whether the run may do what earlier releases did not; false if it was here before, on a worker of one.

        Args:
            change: A name for it. Part of replay: never change it.
        """
        ...

    @property
    def repaired_by(self) -> str | None:
        """Who has started this run to repair an earlier one, and why, in words; None: it repairs none."""
        ...

    def describe_start(self) -> Mapping[str, Any]:
        """How another run of the same definition is started: `workflow_type`, `task_queue`, `memo` and `request`.

        The request has neither a state nor a generation.
        """
        ...

    @property
    def is_reset(self) -> bool:
        """Whether the run was reset, and it is not known yet what other runs have undone since.

        Until then nothing new is begun: the methods of this port wait.
        """
        ...

    def on_reset(self, told: Callable[[ResetReport], None]) -> None:
        """Name who is told what other runs have undone, once after each reset of the run."""
        ...

    async def settle_reset(self) -> None:
        """Wait until that was told, if the run was reset."""
        ...

    def record_undone(self, records: Mapping[str, UndoneRecord]) -> None:
        """Keep on the run what has become of effects, where it can be read without a worker and after any ending.

        Args:
            records: Path of the step in idempotency keys → what is known now.
        """
        ...

    def record_letter(self, queue: str) -> None:
        """Let the run be found as one that has written a dead letter, where the server can find runs so.

        Args:
            queue: The name of the dead letter queue.
        """
        ...

    def check_result(self, result: JsonValue) -> None:
        """
        Raises:
            StepFailed: the run can't end with this result; it is too large to be sent.
        """
        ...

    def check_state(self, state: Mapping[str, Any]) -> None:
        """
        Raises:
            StepFailed: the run can't go on as a new one with this state; it is too large to be sent.
        """
        ...

    def show(self, details: str) -> None:
        """What people see of the run's progress in Temporal's UI (Markdown); empty when it is over."""
        ...

    @property
    def is_observed(self) -> bool:
        """Whether an event of now would be heard: somebody listens, and this is no replay.

        Ask this before an event is built. Nothing else may depend on it.
        """
        ...

    def observe(self, event: Event) -> None:
        """Tell those who listen what has happened."""
        ...
