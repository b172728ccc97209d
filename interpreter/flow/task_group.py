"""Several tasks of one run at the same time: started in order, watched as they end, and all settled.

As in trio's nurseries, nobody leaves a task group before every task in it has ended. What differs is who decides:
the caller is told of each outcome in the order in which they come, and may say that this one decides; then the other
tasks are cancelled, and what they still do is waited for.

A task tells its outcome itself, as the last thing that it does. So nothing new starts in the other tasks once one has
decided, also when all of it happens in one workflow task: their next step looks at the cancel scope first. Told by
asyncio's callbacks instead, the outcome would come after the first steps of the other tasks.
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
    group = _TaskGroup(cancel_scope, run.suspension, decides)
    await group.run(works, scope.with_cancel_scope(cancel_scope))
    if group.was_cancelled:
        raise asyncio.CancelledError
    scope.cancel_scope.raise_if_cancelled()
    return group.decided


@dataclass(slots=True, eq=False)
class _TaskGroup:
    cancel_scope: CancelScope
    suspension: Suspension
    decides: Decide
    tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])
    decided: BranchOutcome | None = None
    was_cancelled: bool = False
    """Whether the group was cancelled from outside."""
    bug: BaseException | None = None
    """What a task has raised that is no outcome."""
    _ended: set[int] = field(default_factory=set[int])
    """Numbers of the tasks whose outcome is known."""
    _ends: WaitQueue = field(default_factory=WaitQueue)
    _total: int = 0
    _counted: int = 0
    """How many tasks of the group the suspension counts."""

    async def run(self, works: Sequence[Work], scope: Scope) -> None:
        """Run all works at the same time, until all have ended.

        Raises:
            Exception: a bug of ours.
        """
        self._total = self._counted = len(works)
        self.suspension.add_tasks(len(works))
        for number, work in enumerate(works):
            task = asyncio.ensure_future(self._run_one(number, work, scope))
            task.add_done_callback(self._build_callback(number))
            self.tasks.append(task)
        while len(self._ended) < len(works) or not all(task.done() for task in self.tasks):
            try:
                await self._ends.wait()
            except asyncio.CancelledError:
                self.was_cancelled = True
                self._cancel_others()
            if self.bug is not None:
                raise self.bug
        self.suspension.remove_tasks(self._counted - 1)

    async def _run_one(self, number: int, work: Work, scope: Scope) -> None:
        try:
            outcome = BranchOutcome(number, await work(scope), completed=True)
        except StepFailed as failed:
            outcome = BranchOutcome(number, failed=failed)
        except Returned as returned:
            outcome = BranchOutcome(number, returned=returned)
        except asyncio.CancelledError:
            outcome = BranchOutcome(number)
        self._note_outcome(outcome)

    def _note_outcome(self, outcome: BranchOutcome) -> None:
        self._ended.add(outcome.number)
        is_last = len(self._ended) == self._total
        if self.decides(outcome) and self.decided is None:
            self.decided = outcome
            self.cancel_scope.cancel()
            self._cancel_others()
        if not self.cancel_scope.cancel_called and not self.was_cancelled and not is_last:
            self._counted -= 1  # not while others are being cancelled: the next run would not know why
            self.suspension.remove_tasks()

    def _build_callback(self, number: int) -> Callable[[asyncio.Task[None]], None]:
        def note(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (error := task.exception()) is not None:
                self.bug = error
            elif number not in self._ended:  # it was cancelled before it had begun
                self._note_outcome(BranchOutcome(number))
            self._ends.notify_all()

        return note

    def _cancel_others(self) -> None:
        for task in self.tasks:
            if task is not asyncio.current_task():
                task.cancel()
