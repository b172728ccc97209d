"""A call behind a circuit breaker of the run: the breaker must admit every attempt, so the attempts are made here.

Each is an activity of its own, scheduled once, and the wait before the next is a timer of the run. All else is as
when the server retries: the policy, the budget of `schedule_to_close`, the error that is left.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dsl.expressions import JsonValue
from dsl.model import BreakerReference, RetryPolicy
from dsl.scalars.duration import format_duration
from interpreter.effects import ActivityCall, NeverStarted
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.failure.retry import compute_next_wait, is_non_retryable
from interpreter.program.model import Node
from interpreter.state.breaker import CIRCUIT_BREAKER_OPEN, Permit, State, Verdict, judge
from interpreter.state.breaker_queue import BreakerQueue
from interpreter.state.context import StepContext
from interpreter.state.keys import next_activity_id
from interpreter.state.observation import observe_breaker, observe_retry
from interpreter.state.progress import StepProgress
from interpreter.state.run import Run
from interpreter.state.scope import Scope

FINAL_TIMEOUTS = ("Timeout.ScheduleToClose", "Timeout.ScheduleToStart")
"""The server does not retry them either."""


async def call_behind_breaker(
    context: StepContext, guard: BreakerReference, prepared: ActivityCall
) -> JsonValue:
    """Run an activity whose arguments are known.

    Raises:
        StepFailed: it failed for good, or the breaker is open and the step would rather fail than wait.
        NeverStarted: it was cancelled before its first attempt.
    """
    attempts = _BreakerAttempts(context.run, context.node, guard, prepared, context.scope)
    due = attempts.started
    while True:
        permit = await attempts.wait_for_permit(due)
        try:
            return await attempts.make_attempt(permit)
        except StepFailed as failed:
            due = attempts.compute_next_due(failed)


@dataclass(slots=True, eq=False)
class _BreakerAttempts:
    """Makes the attempts of one step."""

    run: Run
    node: Node
    guard: BreakerReference
    call: ActivityCall
    scope: Scope
    started: datetime = field(init=False)
    ends: datetime | None = field(init=False)
    """When the budget is spent."""
    breaker_queue: BreakerQueue = field(init=False)
    number: int = 0
    """Number of the last attempt."""
    last: StepFailed | None = None
    """How the last attempt has failed."""

    def __post_init__(self) -> None:
        budget = self.call.timeouts.schedule_to_close
        self.started = self.run.effects.now()
        self.ends = self.started + budget if budget is not None else None
        self.breaker_queue = self.run.breakers[self.guard.name]
        self.progress.attempts = 0

    @property
    def progress(self) -> StepProgress:
        """How far the step has come."""
        return self.run.progress.of(self.node.path)

    async def wait_for_permit(self, due: datetime) -> Permit:
        """Wait until the next attempt is due and the breaker lets it through."""
        try:
            return await self._wait_for_permit(due)
        except asyncio.CancelledError:
            if self.number == 0:
                raise NeverStarted from None
            raise
        finally:
            self._show_wait(None, blocked=False)

    async def make_attempt(self, permit: Permit) -> JsonValue:
        """Make one attempt, and tell the breaker about it."""
        effects, verdict = self.run.effects, Verdict.NOTHING
        began = effects.now()
        try:
            result = await effects.call_activity(self._build_next_call(began))
            verdict = Verdict.SUCCESS
        except StepFailed as failed:
            verdict = judge(self.breaker_queue.breaker.settings, failed.failure)
            raise
        except NeverStarted:
            if self.number > 1:  # this attempt was never made, but the step was tried
                raise asyncio.CancelledError from None
            raise
        finally:
            before = self.breaker_queue.breaker.state
            self.breaker_queue.record(permit, verdict, effects.now() - began, effects.now())
            self._observe_breaker(before)
        return result.value

    def compute_next_due(self, failed: StepFailed) -> datetime:
        """When the next attempt is due.

        Raises:
            StepFailed: there is none; with the number of attempts, and why there are no more.
        """
        failure = replace(failed.failure, attempts=self.number)
        if failure.non_retryable and not is_non_retryable(self.call.retry, failure):
            failure = replace(failure, non_retryable=False, retry_state="MAXIMUM_ATTEMPTS_REACHED")
        self.last = self._chain_failure(failure, failed)
        self.progress.last_error = failure.at_step(self.node.path)
        wait = self._compute_wait(failure)
        if wait is None or self.scope.cancel_scope.cancel_called:
            raise self.last
        due = self.run.effects.now() + wait
        if self.ends is not None and due >= self.ends:
            raise self._chain_failure(_budget_spent(failure), failed)
        observe_retry(self.run, self.node, self.number, wait, failure)
        return due

    async def _wait_for_permit(self, due: datetime) -> Permit:
        breaker, effects, blocked = self.breaker_queue.breaker, self.run.effects, False
        while True:
            self.scope.cancel_scope.raise_if_cancelled()
            now = effects.now()
            due = max(due, now)
            if breaker.open_until is not None and breaker.open_until > due:
                due, blocked = breaker.open_until, True
                self._raise_unless_waiting(due - now)
            if self.ends is not None and due >= self.ends:
                raise self._budget_error(blocked, due - now)
            if due > now:
                self._show_wait(due, blocked)
                await effects.sleep(due - now, self._describe_wait(blocked))
                continue
            before = breaker.state
            answer = breaker.acquire(now)
            self._observe_breaker(before)
            if isinstance(answer, Permit):
                return answer
            blocked = True
            self._raise_unless_waiting(answer.retry_after)
            self._show_wait(None, blocked)
            await self.breaker_queue.wait_for_record()

    def _observe_breaker(self, before: State) -> None:
        observe_breaker(self.run, self.guard.name, self.breaker_queue.breaker, before)

    def _show_wait(self, due: datetime | None, blocked: bool) -> None:
        self.progress.next_attempt_at = due
        self.progress.breaker = self.guard.name if blocked else None

    def _raise_unless_waiting(self, retry_after: timedelta | None) -> None:
        if self.guard.on_open == "fail":
            raise self._open_error(retry_after)

    def _budget_error(self, blocked: bool, retry_after: timedelta) -> StepFailed:
        if blocked or self.last is None:
            return self._open_error(retry_after)
        return self._chain_failure(_budget_spent(self.last.failure), self.last)

    def _open_error(self, retry_after: timedelta | None) -> StepFailed:
        earlier = self.last.failure if self.last is not None else None
        failure = Failure(
            CIRCUIT_BREAKER_OPEN,
            f'the circuit breaker "{self.guard.name}" is open',
            details={
                "breaker": self.guard.name,
                "state": self.breaker_queue.breaker.state.value,
                "retry_after": format_duration(retry_after) if retry_after is not None else None,
            },
            attempts=self.number,
            cause=earlier,
            non_retryable=True,
            outcome=earlier.outcome if earlier is not None else Outcome.NOT_STARTED,
        )
        return self._chain_failure(failure, self.last)

    def _chain_failure(self, failure: Failure, because: StepFailed | None) -> StepFailed:
        failed = StepFailed(failure)
        failed.__cause__ = because
        return failed

    def _describe_wait(self, blocked: bool) -> str:
        return f"{self.node.summary}: {f'circuit breaker {self.guard.name}' if blocked else 'retry'}"

    def _compute_wait(self, failure: Failure) -> timedelta | None:
        if failure.type in FINAL_TIMEOUTS:
            return None
        return compute_next_wait(self.call.retry, self.number, failure, self.run.effects.random)

    def _build_next_call(self, now: datetime) -> ActivityCall:
        """One attempt: the same arguments and key, what is left of the budget, and no retry by the server."""
        self.number += 1
        self.progress.attempts = self.number
        timeouts, types = self.call.timeouts, self.call.retry.non_retryable_error_types
        if self.ends is not None:
            timeouts = timeouts.model_copy(update={"schedule_to_close": self.ends - now})
        return replace(
            self.call,
            id=self.call.id if self.number == 1 else next_activity_id(self.run, self.node.path),
            timeouts=timeouts,
            retry=RetryPolicy(maximum_attempts=1, non_retryable_error_types=types)
            if types is not None
            else RetryPolicy(maximum_attempts=1),
        )


def _budget_spent(failure: Failure) -> Failure:
    """The server's last word when another attempt would come too late: the error of the last, but not its timeout."""
    if failure.timeout_type is None:
        return replace(failure, retry_state="TIMEOUT")
    return Failure(
        "Timeout.ScheduleToClose",
        "ScheduleToClose timeout",
        attempts=failure.attempts,
        timeout_type="ScheduleToClose",
        retry_state="TIMEOUT",
        cause=failure,
        outcome=Outcome.UNKNOWN,
    )
