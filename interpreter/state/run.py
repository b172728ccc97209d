"""The data that all steps of one run share. What is done with it stands in the modules beside this one.

`evaluator` reads it in expressions, `journal` writes down what happens to steps, `keys` names effects and activities,
`checkpoint` is where a run may wait or continue as new, `status` shows it to people.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from dsl.expressions import JsonValue, Limits
from dsl.json_schema.write_only import build_redactor
from dsl.redaction.redactor import Redactor
from interpreter.concurrency.wait_queue import WaitQueue
from interpreter.effects import Effects, LetterAddress
from interpreter.failure.failure import Failure
from interpreter.predecessor import NO_PREDECESSOR, Predecessor
from interpreter.program.model import Program
from interpreter.state.breaker import Breaker
from interpreter.state.breaker_queue import BreakerQueue
from interpreter.state.continue_as_new import Suspension
from interpreter.state.inbox import Inbox
from interpreter.state.only_step import OnlyStep
from interpreter.state.progress import Progress
from interpreter.state.report import CompensationReport, DeadLetterReport, RecentEntries
from interpreter.state.saga import Saga
from interpreter.state.started_children import StartedChildren
from interpreter.state.undone_apart import UndoneApartCounts

Status = Literal["running", "completed", "failed", "cancelled"]

NOT_REACHED: JsonValue = {"status": "pending"}
"""What `steps.<id>` shows of a step that another branch, or a failure, has kept from running."""


class WrittenLetter(NamedTuple):
    """What a run knows of a letter that it has written to the built-in dead-letter queue."""

    inside: tuple[str, ...]
    """What has failed, and what is around it: paths of steps, branches and iterations."""
    is_outdated: bool = False
    """Whether something that it relies on was undone since."""


@dataclass(slots=True, eq=False)
class Run:
    """One run: its definition, its data, and what has happened so far."""

    program: Program
    effects: Effects
    data: JsonValue = None
    """The input, checked and with its defaults filled in."""
    limits: Limits = Limits.V1
    vars: dict[str, JsonValue] = field(default_factory=dict)
    frames: dict[str, dict[str, JsonValue]] = field(init=False)
    """For the run itself (""), and for each iteration that goes on: step id → what `steps.<id>` shows. A frame is
    replaced, never changed, because expressions hand out parts of it."""
    progress: Progress = field(default_factory=Progress)
    saga: Saga = field(default_factory=Saga)
    compensations: RecentEntries[CompensationReport] = field(
        default_factory=RecentEntries[CompensationReport]
    )
    """What was undone and what could not be, in the order in which it was tried."""
    has_failed_compensation: bool = False
    """Whether something that was to be undone is not undone."""
    status: Status = "running"
    failure: Failure | None = None
    """Why the run has failed; None unless `status` is `failed`, or was before `on_failure.result` replaced it."""
    further_errors: RecentEntries[Failure] = field(default_factory=RecentEntries[Failure])
    """Errors after the one that decided the run: of `on_failure`, `finally` and dead letters that were lost."""
    alerts: list[asyncio.Task[None]] = field(default_factory=list["asyncio.Task[None]"])
    """What somebody is being told meanwhile; the run does not end before that has."""
    dead_letters: RecentEntries[DeadLetterReport] = field(default_factory=RecentEntries[DeadLetterReport])
    """The failures that were kept for someone to act on, in order."""
    letters: dict[LetterAddress, WrittenLetter] = field(default_factory=dict[LetterAddress, WrittenLetter])
    """The letters that are told if the run undoes something, in the order in which they were written."""
    attempt: int = 1
    """Number of the attempt of the whole workflow. It is counted over runs that continue as new, where the server
    begins anew."""
    predecessor: Predecessor = NO_PREDECESSOR
    """What was undone in earlier runs under this workflow id."""
    generation: int = field(init=False)
    """With which generation the idempotency keys of undoable steps begin. It is higher than 1 if what an earlier
    attempt, or an earlier run of this id, had done was undone."""
    identity: str = ""
    """What idempotency keys begin with: the workflow id. The rounds of a cron workflow share that, and each round is
    another piece of work, so theirs has the time of the round, too."""
    only: OnlyStep | None = None
    """The only step that is run, in a run that redrives a dead letter."""
    repeatable: bool = False
    """Whether the parent that has started this run may start it again after a failure."""
    broken: Failure | None = None
    """Why the run can't go on, whatever it does."""
    undone: dict[str, int] = field(default_factory=dict)
    """Path → how often the effect of a step was undone."""
    key_paths: dict[str, str] = field(default_factory=dict[str, str])
    """Path → path in idempotency keys, of undone steps of which the two differ."""
    children: StartedChildren = field(default_factory=StartedChildren)
    """The children that an earlier attempt of a block, or of the run, may have started."""
    undone_apart: UndoneApartCounts = field(default_factory=UndoneApartCounts)
    """What runs beside this one have undone, if it was reset."""
    hidden: Redactor = field(init=False)
    """Replaces the values of the input that people are not shown."""
    scheduled: dict[str, int] = field(default_factory=dict)
    """Path → how many activities were scheduled there."""
    breakers: dict[str, BreakerQueue] = field(init=False)
    """The circuit breakers of the run alone, by name."""
    unobserved_breakers: list[str] = field(default_factory=list)
    """The shared circuit breakers that some worker has not asked."""
    woken: dict[str, int] = field(default_factory=dict)
    """Name of a step that a shared breaker has woken → what the breaker has told of its state."""
    wakes: WaitQueue = field(default_factory=WaitQueue)
    """Notified when a step that waits at a shared breaker may look again."""
    inbox: Inbox = field(default_factory=Inbox)
    suspension: Suspension = field(default_factory=Suspension)
    changes: WaitQueue = field(default_factory=WaitQueue)
    """Notified when a variable or a step has changed."""
    started_at: datetime | None = None
    """When the first run began that this one goes on from."""
    is_over: bool = False
    continued: bool = False
    """Whether this run goes on where another one has stopped: steps may be over, or have begun, before they are
    reached."""
    made_progress: bool = False
    """Whether something was done since the run started. A run that makes no progress must not continue as new."""
    fuel: int = 0
    """What expressions have spent since the run last gave way."""
    when_decided: Callable[[], None] | None = None
    """Is called once it is decided how the run ends, before anything is undone. It must not change the run; see
    `interpreter.resume`, which asks what the run was like then."""

    def __post_init__(self) -> None:
        self.identity = self.identity or self.effects.workflow_id
        self.generation = self.predecessor.generation
        self.hidden = build_redactor(self.program.definition.input, self.data)
        self.frames = {"": dict.fromkeys(self.program.ids[""], NOT_REACHED)}
        breakers = self.program.definition.circuit_breakers
        own = {name: settings for name, settings in breakers.items() if settings.scope == "workflow"}
        self.breakers = {name: BreakerQueue(Breaker(settings)) for name, settings in own.items()}

    @property
    def workflow_id(self) -> str:
        """The workflow id by which expressions and letters know the run. A redrive has that of the run before it."""
        return self.effects.workflow_id if self.only is None else self.only.workflow_id

    @property
    def run_id(self) -> str:
        """The run id by which expressions and letters know the run."""
        return self.effects.run_id if self.only is None else self.only.run_id

    def assign(self, values: Mapping[str, JsonValue]) -> None:
        """Change variables."""
        self.vars = {**self.vars, **values}
        self.changes.notify_all()
