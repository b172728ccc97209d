"""A call behind a circuit breaker that runs share: the worker of the activity asks the breaker before each attempt.

The server makes the attempts and repeats them, as for any activity. Only if the breaker rejects one, the worker ends
the activity with an error that says so. A step that would rather wait sleeps here, until the breaker wakes it, and
then schedules the activity again, with the attempts and the budget that are left.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime

from dsl.expressions import ExprError, JsonValue, Template
from dsl.model import BreakerReference, CircuitBreaker, RetryPolicy
from dsl.problems.wording import describe
from dsl.scalars.text import is_sendable
from interpreter.effects import ActivityCall, BreakerCall, NeverStarted
from interpreter.failure.failure import Failure, Outcome, StepFailed, expression_error
from interpreter.failure.retry import subtract_attempts
from interpreter.state.breaker import CIRCUIT_BREAKER_OPEN
from interpreter.state.breaker_rejection import Rejection, describe_open
from interpreter.state.context import StepContext
from interpreter.state.keys import next_activity_id
from interpreter.state.observation import observe_unobserved_breaker
from interpreter.state.progress import StepProgress

LONGEST_KEY = 100
"""Letters."""


async def call_behind_shared_breaker(
    context: StepContext, guard: BreakerReference, settings: CircuitBreaker, prepared: ActivityCall
) -> JsonValue:
    """Run an activity whose arguments are known.

    Raises:
        StepFailed: it failed for good, or the breaker is open and the step would rather fail than wait.
        NeverStarted: it was cancelled before its first attempt.
    """
    since = context.run.started_at
    assert since is not None
    key = _evaluate_key(context, guard.key_)
    final = tuple(prepared.retry.non_retryable_error_types or ())
    breaker = BreakerCall(
        guard.name,
        key,
        prepared.id if guard.on_open == "wait" else None,
        settings,
        since,
        final_error_types=final,
    )
    calls = _SharedBreakerCall(context, replace(prepared, breaker=breaker), breaker)
    while True:
        try:
            return await calls.make_call()
        except StepFailed as failed:
            await calls.wait_for_turn(failed)


@dataclass(slots=True, eq=False)
class _SharedBreakerCall:
    """Makes the calls of one step."""

    context: StepContext
    call: ActivityCall
    """The one that is made, or was made last."""
    breaker: BreakerCall
    ends: datetime | None = field(init=False)
    """When the budget is spent."""
    policy: RetryPolicy = field(init=False)
    """How the step is repeated, if the breaker does not come between."""
    made: int = 0
    """Attempts of the calls before."""

    def __post_init__(self) -> None:
        budget = self.call.timeouts.schedule_to_close
        self.policy = self.call.retry
        self.ends = self.context.run.effects.now() + budget if budget is not None else None

    @property
    def progress(self) -> StepProgress:
        """How far the step has come."""
        return self.context.progress

    async def make_call(self) -> JsonValue:
        """Let the server make attempts."""
        try:
            result = await self.context.run.effects.call_activity(self.call)
        except NeverStarted:
            if self.made:
                raise asyncio.CancelledError from None
            raise
        if result.attempts is None:
            self._note_unobserved()
        self.progress.attempts = None if result.attempts is None else self.made + result.attempts
        return result.value

    async def wait_for_turn(self, failed: StepFailed) -> None:
        """Wait until the next call may be made.

        Raises:
            StepFailed: there will be none.
        """
        failure = failed.failure
        rejection = Rejection.read(failure, self.breaker)
        if rejection is None:
            if failure.attempts is not None:
                failure = replace(failure, attempts=self.made + failure.attempts)
            raise _chain(failure, failed)
        self.made += failure.attempts or 0
        self.progress.attempts = self.made
        now = self.context.run.effects.now()
        too_late = self.ends is not None and now + rejection.retry_after >= self.ends
        if self.breaker.waiter is None or too_late:
            raise _chain(self._build_open(rejection), failed)
        until = now + rejection.within
        await self._sleep(min(until, self.ends) if self.ends is not None else until)
        now = self.context.run.effects.now()
        if self.ends is not None and now >= self.ends:
            raise _chain(self._build_open(rejection), failed)
        self._prepare_next(now)

    async def _sleep(self, until: datetime) -> None:
        """Wait until somebody wakes the step, but no longer than until a time."""
        run, scope = self.context.run, self.context.scope
        alarm = asyncio.ensure_future(self._wake_at(until))
        self.progress.next_attempt_at, self.progress.breaker = until, self.breaker.name
        try:
            while self.breaker.waiter not in run.woken and run.effects.now() < until:
                scope.cancel_scope.raise_if_cancelled()
                await run.wakes.wait()
            scope.cancel_scope.raise_if_cancelled()
        except asyncio.CancelledError:
            if self.made == 0:
                raise NeverStarted from None
            raise
        finally:
            alarm.cancel()
            self.progress.next_attempt_at = self.progress.breaker = None

    async def _wake_at(self, until: datetime) -> None:
        run = self.context.run
        summary = f"{self.context.node.summary}: circuit breaker {self.breaker.name}"
        await run.effects.sleep(until - run.effects.now(), summary)
        run.wakes.notify_all()

    def _prepare_next(self, now: datetime) -> None:
        run, timeouts = self.context.run, self.call.timeouts
        assert self.breaker.waiter is not None
        known = run.woken.pop(self.breaker.waiter, 0)
        self.breaker = replace(self.breaker, known=max(known, self.breaker.known))
        if self.ends is not None:
            timeouts = timeouts.model_copy(update={"schedule_to_close": self.ends - now})
        self.call = replace(
            self.call,
            id=next_activity_id(run, self.context.node.path),
            timeouts=timeouts,
            retry=subtract_attempts(self.policy, self.made),
            breaker=self.breaker,
        )

    def _build_open(self, rejection: Rejection) -> Failure:
        """The error of a step that does not wait. Of earlier attempts nothing is known but that there were some."""
        return Failure(
            CIRCUIT_BREAKER_OPEN,
            describe_open(self.breaker),
            details=rejection.describe(self.breaker),
            attempts=self.made,
            non_retryable=True,
            outcome=Outcome.UNKNOWN if self.made else Outcome.NOT_STARTED,
        )

    def _note_unobserved(self) -> None:
        """The worker has not told of attempts, so it is no Stepfile worker, and has not asked the breaker."""
        run, name = self.context.run, self.breaker.name
        if name not in run.unobserved_breakers:
            run.unobserved_breakers.append(name)
            observe_unobserved_breaker(run, self.context.node, name, self.call.task_queue)


def _chain(failure: Failure, because: StepFailed) -> StepFailed:
    chained = StepFailed(failure)
    chained.__cause__ = because
    return chained


def _evaluate_key(context: StepContext, said: Template | None) -> str:
    """
    Raises:
        StepFailed: the expression yields no key.
    """
    if said is None:
        return ""
    value = context.evaluate(said, "circuit_breaker.key")
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str) and 0 < len(text) <= LONGEST_KEY and is_sendable(text):
        return text
    message = f"expected 1 to {LONGEST_KEY} letters of text or a whole number, found {describe(value)}"
    raise expression_error(ExprError("unusable-value", message), context.name_part("circuit_breaker.key"))
