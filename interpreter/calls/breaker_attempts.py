"""A call behind a circuit breaker of the run: the breaker must admit every attempt, so the attempts are made here.

Each is an activity of its own, scheduled once, and the wait before the next is a timer of the run. All else is as
when the server retries: the policy, the budget of `schedule_to_close`, the error that is left.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dsl.expressions import JsonValue
from dsl.model import GuardedBy, RetryPolicy
from dsl.scalars.duration import format_duration
from interpreter.effects import ActivityCall, NeverStarted
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.failure.retry import next_wait
from interpreter.program.model import Node
from interpreter.state.breaker import CIRCUIT_BREAKER_OPEN, Permit, Verdict, judge
from interpreter.state.breaker_queue import Gate
from interpreter.state.run import Run
from interpreter.state.scope import Scope

FINAL_TIMEOUTS = ("Timeout.ScheduleToClose", "Timeout.ScheduleToStart")
"""The server does not retry them either."""


async def guarded(run: Run, node: Node, guard: GuardedBy, prepared: ActivityCall, scope: Scope) -> JsonValue:
    """Run an activity whose arguments are known.

    Raises:
        StepFailed: it failed for good, or the breaker is open and the step would rather fail than wait.
        NeverStarted: it was cancelled before its first attempt.
    """
    attempts = _Attempts(run, node, guard, prepared, scope)
    due = attempts.started
    while True:
        permit = await attempts.admitted(due)
        try:
            return await attempts.make(permit)
        except StepFailed as failed:
            due = attempts.next_due(failed)


@dataclass(slots=True, eq=False)
class _Attempts:
    """Those of one step."""

    run: Run
    node: Node
    guard: GuardedBy
    call: ActivityCall
    scope: Scope
    started: datetime = field(init=False)
    ends: datetime | None = field(init=False)
    """When the budget is spent."""
    gate: Gate = field(init=False)
    number: int = 0
    """Of the last attempt."""
    last: StepFailed | None = None
    """How it has failed."""

    def __post_init__(self) -> None:
        budget = self.call.timeouts.schedule_to_close
        self.started = self.run.effects.now()
        self.ends = self.started + budget if budget is not None else None
        self.gate = self.run.breakers[self.guard.name]
        self.run.progress.of(self.node.path).attempts = 0

    async def admitted(self, due: datetime) -> Permit:
        """Wait until the next attempt is due and the breaker lets it through."""
        try:
            return await self._admitted(due)
        except asyncio.CancelledError:
            if self.number == 0:
                raise NeverStarted from None
            raise

    async def make(self, permit: Permit) -> JsonValue:
        """Make one attempt, and tell the breaker about it."""
        effects, verdict = self.run.effects, Verdict.NOTHING
        began = effects.now()
        try:
            result = await effects.call_activity(self._next_call(began))
            verdict = Verdict.SUCCESS
        except StepFailed as failed:
            verdict = judge(self.gate.breaker.settings, failed.failure)
            raise
        except NeverStarted:
            if self.number > 1:  # this attempt was never made, but the step was tried
                raise asyncio.CancelledError from None
            raise
        finally:
            self.gate.record(permit, verdict, effects.now() - began, effects.now())
        return result.value

    def next_due(self, failed: StepFailed) -> datetime:
        """When the next attempt is due.

        Raises:
            StepFailed: there is none; with the number of attempts, and why there are no more.
        """
        failure = replace(failed.failure, attempts=self.number)
        self.last = self._ended(failure, failed)
        wait = self._wait_after(failure)
        if wait is None or self.scope.stop.requested:
            raise self.last
        due = self.run.effects.now() + wait
        if self.ends is not None and due >= self.ends:
            raise self._ended(_out_of_time(failure), failed)
        return due

    async def _admitted(self, due: datetime) -> Permit:
        breaker, effects, blocked = self.gate.breaker, self.run.effects, False
        while True:
            self.scope.stop.check()
            now = effects.now()
            due = max(due, now)
            if breaker.open_until is not None and breaker.open_until > due:
                due, blocked = breaker.open_until, True
                self._unless_waiting(due - now)
            if self.ends is not None and due >= self.ends:
                raise self._too_late(blocked, due - now)
            if due > now:
                await effects.sleep(due - now, self._reason(blocked))
                continue
            answer = breaker.acquire(now)
            if isinstance(answer, Permit):
                return answer
            blocked = True
            self._unless_waiting(answer.retry_after)
            await self.gate.next_record()

    def _unless_waiting(self, retry_after: timedelta | None) -> None:
        if self.guard.on_open == "fail":
            raise self._rejected(retry_after)

    def _too_late(self, blocked: bool, retry_after: timedelta) -> StepFailed:
        if blocked or self.last is None:
            return self._rejected(retry_after)
        return self._ended(_out_of_time(self.last.failure), self.last)

    def _rejected(self, retry_after: timedelta | None) -> StepFailed:
        earlier = self.last.failure if self.last is not None else None
        failure = Failure(
            CIRCUIT_BREAKER_OPEN,
            f'the circuit breaker "{self.guard.name}" is open',
            details={
                "breaker": self.guard.name,
                "state": self.gate.breaker.state.value,
                "retry_after": format_duration(retry_after) if retry_after is not None else None,
            },
            attempts=self.number,
            cause=earlier,
            non_retryable=True,
            outcome=earlier.outcome if earlier is not None else Outcome.NOT_STARTED,
        )
        return self._ended(failure, self.last)

    def _ended(self, failure: Failure, because: StepFailed | None) -> StepFailed:
        failed = StepFailed(failure)
        failed.__cause__ = because
        return failed

    def _reason(self, blocked: bool) -> str:
        return f"{self.node.path}: {f'circuit breaker {self.guard.name}' if blocked else 'retry'}"

    def _wait_after(self, failure: Failure) -> timedelta | None:
        if failure.type in FINAL_TIMEOUTS:
            return None
        return next_wait(self.call.retry, self.number, failure, self.run.effects.random)

    def _next_call(self, now: datetime) -> ActivityCall:
        """One attempt: the same arguments and key, what is left of the budget, and no retry by the server."""
        self.number += 1
        self.run.progress.of(self.node.path).attempts = self.number
        timeouts, types = self.call.timeouts, self.call.retry.non_retryable_error_types
        if self.ends is not None:
            timeouts = timeouts.model_copy(update={"schedule_to_close": self.ends - now})
        return replace(
            self.call,
            id=self.call.id if self.number == 1 else self.run.fresh_id(self.node.path),
            timeouts=timeouts,
            retry=RetryPolicy(maximum_attempts=1, non_retryable_error_types=types)
            if types is not None
            else RetryPolicy(maximum_attempts=1),
        )


def _out_of_time(failure: Failure) -> Failure:
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
