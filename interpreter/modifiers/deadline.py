"""A timer inside the workflow over a step, a block or the run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from dsl.expressions import JsonValue
from dsl.scalars.duration import format_duration
from interpreter.concurrency.cancel_scope import CancelScope
from interpreter.effects import Effects
from interpreter.failure.failure import Failure, StepFailed
from interpreter.state.scope import Scope


def run_with_deadline(
    deadline: timedelta | None,
    perform: Callable[[Scope], Awaitable[JsonValue]],
    scope: Scope,
    effects: Effects,
    since: datetime | None = None,
) -> Awaitable[JsonValue]:
    """Perform something before a deadline, if there is one. The time runs from now, or from an earlier moment.

    When the timer fires, what runs is cancelled and settled first; only then the deadline's error is raised.

    Raises:
        StepFailed: `DeadlineExceeded`, with what the work raised while it settled as its cause.
    """
    return perform(scope) if deadline is None else _run_limited(deadline, perform, scope, effects, since)


async def _run_limited(
    deadline: timedelta,
    perform: Callable[[Scope], Awaitable[JsonValue]],
    scope: Scope,
    effects: Effects,
    since: datetime | None,
) -> JsonValue:
    stop = CancelScope(scope.cancel_scope)
    work = asyncio.ensure_future(perform(scope.with_cancel_scope(stop)))
    gone = effects.now() - since if since is not None else timedelta()
    timer = asyncio.ensure_future(_expire(deadline - gone, stop, work, effects))
    try:
        result = await work
    except asyncio.CancelledError:
        _raise_if_exceeded(stop, scope, deadline, None)
        raise
    except StepFailed as failed:
        _raise_if_exceeded(stop, scope, deadline, failed.failure)
        raise
    finally:
        timer.cancel()
    _raise_if_exceeded(stop, scope, deadline, None)
    return result


async def _expire(
    left: timedelta, stop: CancelScope, work: asyncio.Future[JsonValue], effects: Effects
) -> None:
    await effects.sleep(left, "deadline")
    stop.cancel()
    work.cancel()


def _raise_if_exceeded(stop: CancelScope, scope: Scope, deadline: timedelta, cause: Failure | None) -> None:
    """A request from outside wins over the timer: the run is cancelled, not late."""
    if stop.cancel_called and not scope.cancel_scope.cancel_called:
        message = f"not done within {format_duration(deadline)}"
        raise StepFailed(Failure("DeadlineExceeded", message, cause=cause)) from None
