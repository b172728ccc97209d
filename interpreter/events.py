"""What happens in a run, as data for logs, metrics and traces. They hear of it by `Effects.observe`.

This is a closed set. Each event is observed once in the life of a run, however often its history is replayed, and
also when the run continues as new. Nothing of a run's course depends on who listens.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from interpreter.failure.failure import Failure

RunOutcome = Literal["completed", "failed", "cancelled"]
StepOutcome = Literal["completed", "skipped", "failed", "cancelled", "caught", "dead_lettered"]
CompensationOutcome = Literal["completed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a run something has happened."""

    path: str
    """The path of the step. In a loop the iteration comes first, by its number: `charge_all[3]/charge`."""
    name: str
    """The path of the same step in the definition, which all iterations share: `charge`."""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins. One that goes on as new began in the first of its runs."""

    attempt: int
    """Number of the attempt of the whole workflow."""


@dataclass(frozen=True, slots=True)
class RunContinuedAsNew:
    """A run goes on under the same workflow id, and another run id."""


@dataclass(frozen=True, slots=True)
class StartRefused:
    """A run ends before it has begun: with what it was given it can never begin."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run is over."""

    outcome: RunOutcome
    started_at: datetime
    ended_at: datetime
    failure: Failure | None
    """Why it has failed."""


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step begins. One that goes on in another run began in the first of them."""

    step: Place
    kind: str
    """The action of the step, as its key in YAML."""


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step is over."""

    step: Place
    kind: str
    """The action of the step, as its key in YAML."""
    outcome: StepOutcome
    started_at: datetime
    ended_at: datetime
    attempts: int | None
    """How many attempts it took; None where that is not known, and for steps that have none."""
    failure: Failure | None
    """Why it has failed, or what was caught or kept as a dead letter."""


@dataclass(frozen=True, slots=True)
class RetryScheduled:
    """The run itself will try something again: a block, or a call behind a circuit breaker.

    The other retries of activities are made by the server. The worker that makes the attempt can tell of them.
    """

    step: Place
    attempt: int
    """Number of the attempt that has failed."""
    wait: timedelta
    """How long the run waits at least before the next attempt."""
    failure: Failure
    undoing_for: timedelta | None
    """For how long the step has been tried, if it undoes something; None for all other steps."""


@dataclass(frozen=True, slots=True)
class ItemEnded:
    """One item of a `for_each` is over."""

    loop: Place
    number: int
    """Which item: the first one has the number 0."""
    failure: Failure | None
    """None when it has completed."""


@dataclass(frozen=True, slots=True)
class UndoingStarted:
    """Several compensations are about to run."""

    total: int
    """How many steps are to be undone."""


@dataclass(frozen=True, slots=True)
class CompensationStarted:
    """The compensation of a step begins."""

    step: Place
    """The step that is undone."""


@dataclass(frozen=True, slots=True)
class CompensationOrdered:
    """Somebody has ordered what is to be done about the compensation of a step."""

    step: Place
    """The step that is to be undone."""
    order: Literal["retry", "skip"]
    by: str
    """The identity of the client."""
    reason: str


@dataclass(frozen=True, slots=True)
class CompensationEnded:
    """The undoing of one step is over; unless it has completed, the step is *not* undone."""

    step: Place
    """The step that was to be undone."""
    outcome: CompensationOutcome
    """`skipped`: it was not tried, because one before it had failed; or it was given up, because somebody has said
    so. Then there is a failure."""
    started_at: datetime
    ended_at: datetime
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class UndoingEnded:
    """All compensations that were due have ended."""

    undone: int
    not_undone: int


@dataclass(frozen=True, slots=True)
class DeadLetterWritten:
    """A failure was kept for someone to act on, or should have been."""

    step: Place
    """What has failed: a step, an item of a loop, or a compensation."""
    queue: str
    failure: Failure
    """What has failed it."""
    lost: Failure | None
    """Why the letter could not be kept; None when it was kept."""


@dataclass(frozen=True, slots=True)
class AlertEnded:
    """An activity was told of something that somebody must know, or should have been."""

    alert: str
    """The key of the definition that names the activity: `saga.on_not_undone`."""
    lost: Failure | None
    """Why nobody was told; None when the activity has completed."""


@dataclass(frozen=True, slots=True)
class BreakerChanged:
    """A circuit breaker has changed its state."""

    breaker: str
    state: Literal["closed", "open", "half_open"]
    """The state from now on."""


@dataclass(frozen=True, slots=True)
class BreakerUnobserved:
    """The worker of a step has not asked the shared circuit breaker of the step: it is no Stepfile worker."""

    step: Place
    breaker: str
    task_queue: str | None
    """Where the step goes; None: to the queue of the run."""


Event: TypeAlias = (
    RunStarted
    | RunContinuedAsNew
    | StartRefused
    | RunEnded
    | StepStarted
    | StepEnded
    | RetryScheduled
    | ItemEnded
    | UndoingStarted
    | CompensationStarted
    | CompensationOrdered
    | CompensationEnded
    | UndoingEnded
    | DeadLetterWritten
    | AlertEnded
    | BreakerChanged
    | BreakerUnobserved
)
