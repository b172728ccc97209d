"""Continue-as-new: when the whole run stands still at places where it can go on, it goes on as a new run.

**The model.** A run is made of tasks: one, and in a block with branches one for each branch. A task is *suspended*
where nothing of it is on its way: between two steps, between two iterations, or in a wait that can be begun again.
Once continue-as-new is requested, each task that comes to such a place suspends itself there. When all tasks are
suspended, the state of the run (`interpreter.snapshot`) is all that there is to know about it, and `lifecycle`
ends this run with the exception `ContinueAsNew`.

**Why no task is unwound.** Unwinding would run the `finally` blocks and the handlers of cancellation around every
suspended step, and so undo work that the next run goes on with. So a suspended task simply never continues. Until
the very end it can still be cancelled, and then it cleans up as always: a request to cancel wins over
continue-as-new as long as the state has not been taken.

**The race that remains.** A timer may fire in the very moment in which the state is taken. The task that it wakes
must do nothing: the next run has the same timer and will do the work. `suspended` raises `SuspendedTooLate` then.

**Updates keep a run from moving on.** Only this run can answer an update that it has accepted, so a run with
`pending_updates` continues as new only when the server says that it is urgent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from interpreter.concurrency.wait_queue import WaitQueue


@dataclass(slots=True, eq=False)
class Suspension:
    """Counts the tasks of one run, and those of them that are suspended."""

    requested: bool = False
    """Each task suspends itself at the next place where it can."""
    completed: bool = False
    """The state was taken: what this run still does is lost."""
    tasks: int = 1
    """How many tasks the run is made of."""
    pending_updates: int = 0
    """How many updates wait for their answer, which only this run can give."""
    all_suspended: WaitQueue = field(default_factory=WaitQueue)
    """Notified when the last task was suspended; by the time that is heard, a task may run again."""
    _suspended: int = 0

    @property
    def is_idle(self) -> bool:
        """Whether no task runs, and no update waits for an answer."""
        return self._suspended == self.tasks and not self.pending_updates

    @property
    def is_ready(self) -> bool:
        """Whether continue-as-new was requested, and no task runs any more."""
        return self.requested and self._suspended == self.tasks

    @property
    def is_last_running(self) -> bool:
        """Whether no task runs but the one that asks, and no update waits for an answer."""
        return self._suspended == self.tasks - 1 and not self.pending_updates

    def request(self) -> None:
        """Ask every task to suspend itself where it can."""
        self.requested = True
        self._notify_if_ready()

    def add_tasks(self, tasks: int) -> None:
        """Note that one task has become several."""
        self.tasks += tasks - 1

    def remove_tasks(self, tasks: int = 1) -> None:
        """Note that some tasks have ended."""
        self.tasks -= tasks
        self._notify_if_ready()

    @contextmanager
    def suspended(self) -> Generator[None]:
        """Mark this task as suspended while it waits for what the next run can wait for again.

        Raises:
            SuspendedTooLate: the state was taken before this task was woken.
        """
        self._suspended += 1
        self._notify_if_ready()
        try:
            yield
        finally:
            if self.completed:
                raise SuspendedTooLate
            self._suspended -= 1

    async def suspend(self) -> None:
        """Do nothing more in this run. Only a cancellation ends this."""
        with self.suspended():
            await asyncio.get_running_loop().create_future()

    def _notify_if_ready(self) -> None:
        if self.is_ready:
            self.all_suspended.notify_all()


class SuspendedTooLate(BaseException):
    """The state was taken before this task was woken, by a timer or a deadline of the same moment.

    The next run is woken by the same timer. Here nothing more is to be done, and least of all is there anything to
    clean up: hence a `BaseException`, which no handler of failures takes for one.
    """


class ContinueAsNew(Exception):
    """The run goes on as a new one, with this state (plain data, as `interpreter.snapshot` has written it)."""

    def __init__(self, state: dict[str, object], suspended: asyncio.Future[Any]) -> None:
        super().__init__("continue as new")
        self.state = state
        self.suspended = suspended
        """The tasks that never go on. As long as they are referred to, Python cleans nothing of them up."""
