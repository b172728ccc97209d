"""Several tasks of one run at the same time: started in order, watched as they end, and all settled.

As in trio's nurseries, nobody leaves a task group before every task in it has ended. What differs is who decides:
the caller is told of each outcome in the order in which they come, and may say that this one decides; then the other
tasks are cancelled, and what they still do is waited for. The order is that of asyncio's callbacks, which a replay
repeats; `asyncio.wait` and `as_completed` return sets, whose order it does not repeat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from dsl.expressions import JsonValue
from interpreter.concurrency.cancel_scope import CancelScope
from interpreter.concurrency.wait_queue import WaitQueue
from interpreter.failure.failure import StepFailed
from interpreter.state.continue_as_new import Suspension
from interpreter.state.returned import Returned
from interpreter.state.run import Run
from interpreter.state.scope import Scope


@dataclass(frozen=True, slots=True)
class BranchOutcome:
    """How a task has ended: one of these, or none of them when it was cancelled."""

    number: int
    """Which task."""
    result: JsonValue = None
    completed: bool = False
    failed: StepFailed | None = None
    returned: Returned | None = None


Work = Callable[[Scope], Awaitable[JsonValue]]
Decide = Callable[[BranchOutcome], bool]
"""Is told of each outcome as it comes, and says whether this one decides, so that the others are cancelled."""


async def run_task_group(
    run: Run, scope: Scope, works: Sequence[Work], decides: Decide
) -> BranchOutcome | None:
    """Run tasks until all have ended; the others are cancelled as soon as one has decided.

    Returns:
        The outcome that has decided: the first one that could. None if there is none.

    Raises:
        asyncio.CancelledError: the scope around the group was cancelled; all tasks have ended.
    """
    cancel_scope = CancelScope(scope.cancel_scope)
    inside = scope.with_cancel_scope(cancel_scope)
    group = _TaskGroup(
        [asyncio.ensure_future(work(inside)) for work in works], cancel_scope, run.suspension, decides
    )
    await group.run()
    if group.was_cancelled:
        raise asyncio.CancelledError
    scope.cancel_scope.raise_if_cancelled()
    return group.decided


@dataclass(slots=True, eq=False)
class _TaskGroup:
    tasks: Sequence[asyncio.Future[JsonValue]]
    cancel_scope: CancelScope
    suspension: Suspension
    decides: Decide
    decided: BranchOutcome | None = None
    was_cancelled: bool = False
    """Whether the group was cancelled from outside."""
    _ended: list[int] = field(default_factory=list)
    """Numbers of the tasks that have ended, in that order."""
    _ends: WaitQueue = field(default_factory=WaitQueue)
    _counted: int = 0
    """How many tasks of the group the suspension counts."""

    async def run(self) -> None:
        for number, task in enumerate(self.tasks):
            task.add_done_callback(self._build_callback(number))
        self._counted = len(self.tasks)
        self.suspension.add_tasks(len(self.tasks))
        told = 0
        while told < len(self.tasks):
            try:
                await self._ends.wait()
            except asyncio.CancelledError:
                self.was_cancelled = True
                self._cancel_all()
            for number in self._ended[told:]:
                told += 1
                self._note_outcome(_collect_outcome(number, self.tasks), is_last=told == len(self.tasks))
        self.suspension.remove_tasks(self._counted - 1)

    def _note_outcome(self, outcome: BranchOutcome, *, is_last: bool) -> None:
        if self.decides(outcome) and self.decided is None:
            self.decided = outcome
            self.cancel_scope.cancel()
            self._cancel_all()
        if not self.cancel_scope.cancel_called and not self.was_cancelled and not is_last:
            self._counted -= 1  # not while others are being cancelled: the next run would not know why
            self.suspension.remove_tasks()

    def _build_callback(self, number: int) -> Callable[[asyncio.Future[JsonValue]], None]:
        def note(task: asyncio.Future[JsonValue]) -> None:
            if not task.cancelled():
                task.exception()  # asyncio need not report it, if the group is left before it is looked at
            self._ended.append(number)
            self._ends.notify_all()

        return note

    def _cancel_all(self) -> None:
        for task in self.tasks:
            task.cancel()


def _collect_outcome(number: int, tasks: Sequence[asyncio.Future[JsonValue]]) -> BranchOutcome:
    """
    Raises:
        Exception: a bug of ours.
    """
    try:
        return BranchOutcome(number, tasks[number].result(), completed=True)
    except StepFailed as failed:
        return BranchOutcome(number, failed=failed)
    except Returned as returned:
        return BranchOutcome(number, returned=returned)
    except asyncio.CancelledError:
        return BranchOutcome(number)
