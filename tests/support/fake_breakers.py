"""Shared circuit breakers on the fake: the entities of all names, and a worker whose view is never late.

The state machines are the real ones: the group of a name, a view of it, and the waits. Nothing gets lost here, no
server is busy, and each report is taken at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dsl.expressions import JsonValue
from interpreter.effects import BreakerCall
from interpreter.failure.failure import Failure, StepFailed
from interpreter.shared_breaker.group import BreakerGroup
from interpreter.shared_breaker.messages import Ask, Stamped, Tell, Wait
from interpreter.shared_breaker.report import CallResult, Entry, Report
from interpreter.shared_breaker.view import GroupView, MustAsk
from interpreter.shared_breaker.waiters import Waiter
from interpreter.state.breaker import CIRCUIT_BREAKER_OPEN, Permit, Rejected, Verdict, judge
from interpreter.state.breaker_rejection import Rejection, describe_open

LEASE = timedelta(hours=1)
"""No probe gets lost."""


@dataclass
class FakeBreakers:
    """The shared breakers of one namespace."""

    now: Callable[[], datetime]
    wake: Callable[[Waiter, int], None]
    """Wakes a step, and tells it the generation of its breaker."""
    groups: dict[str, BreakerGroup] = field(default_factory=dict)
    _alarms: dict[str, asyncio.TimerHandle] = field(default_factory=dict)
    _messages: int = 0

    async def guard(
        self, call: BreakerCall, attempt: int, workflow_id: str, make: Callable[[], Awaitable[JsonValue]]
    ) -> JsonValue:
        """Make an attempt, if the breaker lets it through.

        Raises:
            StepFailed: it does not, or the attempt has failed.
        """
        admitted = self._admit(call, workflow_id, attempt)
        began = self.now()
        try:
            result = await make()
        except StepFailed as failed:
            final = failed.failure.type in call.final_error_types or failed.failure.non_retryable
            verdict = judge(call.settings, replace(failed.failure, non_retryable=final))
            self._leave(call, admitted, verdict, began)
            raise
        except asyncio.CancelledError:
            self._leave(call, admitted, Verdict.NOTHING, began)
            raise
        self._leave(call, admitted, Verdict.SUCCESS, began)
        return result

    def states(self) -> dict[str, str]:
        """The state of each breaker of which something is known."""
        now = self.now()
        return {
            f"{name}[{key}]" if key else name: view.state.value
            for name, group in self.groups.items()
            for key, view in group.look(now).items()
        }

    def _admit(self, call: BreakerCall, workflow_id: str, attempt: int) -> Entry:
        """Let a call through; what is reported if nothing is learnt from it."""
        group = self.groups.setdefault(call.name, BreakerGroup.begin(1))
        now, stamped = self.now(), Stamped(call.settings, call.since)
        group.configure(stamped)
        permit: str | None = None
        decision = GroupView(group.base, group.look(now)).check(call.key, now, call.known)
        waiter = Waiter(workflow_id, call.waiter) if call.waiter is not None else None
        if isinstance(decision, MustAsk):
            self._messages += 1
            answer = group.ask(Ask(call.key, f"permit-{self._messages}", LEASE, waiter), now)
            permit = f"permit-{self._messages}" if answer.probe else None
            decision = (
                Rejected(answer.retry_after) if answer.generation is None else Permit(answer.generation)
            )
        if isinstance(decision, Rejected):
            if waiter is not None:
                group.let_wait(Wait(stamped, ((call.key, waiter),)), now)
            state = GroupView(group.base, group.look(now)).of(call.key).state.value
            self._set_alarm(call.name)
            raise StepFailed(_reject(call, state, decision.retry_after, attempt - 1))
        return Entry(decision.generation, CallResult.NOTHING, permit=permit)

    def _leave(self, call: BreakerCall, admitted: Entry, verdict: Verdict, began: datetime) -> None:
        group, now = self.groups[call.name], self.now()
        entry = admitted
        if verdict is not Verdict.NOTHING:
            result = CallResult.of(call.settings, verdict is Verdict.FAILURE, now - began)
            entry = replace(admitted, result=result)
        view = GroupView(group.base, group.look(now)).of(call.key)
        if entry.permit is not None or entry.result.troubles or view.troubled:
            self._messages += 1
            report = Report()
            report.add(call.key, entry)
            group.tell(Tell(Stamped(call.settings, call.since), "worker", self._messages, report), now)
        self._set_alarm(call.name)

    def _set_alarm(self, name: str) -> None:
        """Look at a group again when it has something to do."""
        if name in self._alarms:
            self._alarms.pop(name).cancel()
        now = self.now()
        due = self.groups[name].next_due(now)
        if due is not None:
            seconds = max(timedelta(0), due - now).total_seconds()
            self._alarms[name] = asyncio.get_running_loop().call_later(seconds, self._let_act, name)

    def _let_act(self, name: str) -> None:
        group = self.groups[name]
        for key, waiter in group.wake(self.now()):
            self.wake(waiter, group.breakers[key].breaker.generation)
        self._set_alarm(name)


def _reject(call: BreakerCall, state: str, retry_after: timedelta | None, attempts: int) -> Failure:
    rejection = Rejection.plan(call, state, retry_after, queued=call.waiter is not None, random=0.5)
    details = rejection.to_details(call)
    return Failure(
        CIRCUIT_BREAKER_OPEN, describe_open(call), details=details, attempts=attempts, non_retryable=True
    )
