"""Several strands at the same time: started in order, watched in the order in which they end, and all settled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from dsl.expressions import JsonValue
from interpreter.concurrency.cancel_scope import Stop
from interpreter.concurrency.wait_queue import Bell
from interpreter.failure.failure import StepFailed
from interpreter.state.returned import Returned
from interpreter.state.run import Run
from interpreter.state.scope import Scope


@dataclass(frozen=True, slots=True)
class End:
    """How a strand has ended: one of these, or none when it was cancelled."""

    number: int
    """Which strand."""
    result: JsonValue = None
    completed: bool = False
    failed: StepFailed | None = None
    returned: Returned | None = None


Work = Callable[[Scope], Awaitable[JsonValue]]
Decides = Callable[[End], bool]
"""Is told of each end as it comes; whether this one decides, so that the others are stopped."""


async def together(run: Run, scope: Scope, works: Sequence[Work], decides: Decides) -> End | None:
    """Run strands until all have ended, the others cancelled as soon as one has decided.

    Returns:
        The end that has decided: the first that could. None if there is none.

    Raises:
        asyncio.CancelledError: the scope around it was asked to stop; all have settled.
    """
    stop, bell, arrived, cancelled, decided = Stop(scope.stop), Bell(), list[int](), False, None
    tasks = [asyncio.ensure_future(work(scope.with_stop(stop))) for work in works]

    def note(number: int) -> Callable[[asyncio.Future[JsonValue]], None]:
        def noted(task: asyncio.Future[JsonValue]) -> None:
            if not task.cancelled():
                task.exception()  # asyncio need not report it, if this is left before it is looked at
            arrived.append(number)
            bell.ring()

        return noted

    for number, task in enumerate(tasks):
        task.add_done_callback(note(number))
    run.handover.split(len(tasks))
    told, strands = 0, len(tasks)
    while told < len(tasks):
        try:
            await bell.heard()
        except asyncio.CancelledError:
            cancelled = True
            _cancel(tasks)
        for number in arrived[told:]:
            told += 1
            end = _end(number, tasks)
            if decides(end) and decided is None:
                decided = end
                stop.request()
                _cancel(tasks)
            if not stop.requested and not cancelled and told < len(tasks):
                strands -= 1  # not while others are being stopped: the next run would not know why
                run.handover.end()
    run.handover.end(strands - 1)
    if cancelled:
        raise asyncio.CancelledError
    scope.stop.check()
    return decided


def _cancel(tasks: Sequence[asyncio.Future[JsonValue]]) -> None:
    for task in tasks:
        task.cancel()


def _end(number: int, tasks: Sequence[asyncio.Future[JsonValue]]) -> End:
    """
    Raises:
        Exception: a bug of ours.
    """
    try:
        return End(number, tasks[number].result(), completed=True)
    except StepFailed as failed:
        return End(number, failed=failed)
    except Returned as returned:
        return End(number, returned=returned)
    except asyncio.CancelledError:
        return End(number)
