"""Where a run may wait, and where it may continue as new (see `interpreter.state.continue_as_new`)."""

from __future__ import annotations

from datetime import datetime, timedelta

from interpreter.failure.error_types import TOO_LARGE
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.state.run import Run
from interpreter.state.scope import Scope


async def checkpoint(run: Run, scope: Scope) -> None:
    """Let the run continue as new here, if it has to. Then only a cancellation leads on from here.

    A run that was reset waits here until it knows what was undone since: the key of the next step depends on it.

    As long as that is not urgent nobody is kept waiting for it: it happens when nothing else runs anyway.

    Raises:
        StepFailed: `TooLarge`: the run can't continue as new here, and its history is full.
        asyncio.CancelledError: the scope was cancelled. A suspended task would not hear of that a second time.
    """
    if run.effects.is_reset:
        await run.effects.settle_reset()
    scope.cancel_scope.raise_if_cancelled()
    if not scope.can_continue_as_new:
        if not scope.must_finish and (complaint := run.effects.history_is_full()):
            raise StepFailed(Failure(TOO_LARGE, complaint, non_retryable=True, outcome=Outcome.NOT_STARTED))
        return
    if not run.suspension.requested:
        if not _should_continue_as_new(run):
            return
        if not (run.suspension.is_last_running or run.effects.continue_as_new_urgent()):
            return
        run.suspension.request()
    await run.suspension.suspend()


async def pause_until(run: Run, scope: Scope, ends: datetime, summary: str) -> None:
    """Wait until a point in time, also over several runs.

    Raises:
        asyncio.CancelledError: the scope was cancelled.
    """
    scope.cancel_scope.raise_if_cancelled()
    left = max(ends - run.effects.now(), timedelta())
    if not scope.can_continue_as_new:
        await run.effects.sleep(left, summary)
        return
    with run.suspension.suspended():
        await run.effects.sleep(left, summary)


def note_message_handled(run: Run) -> None:
    """Let a run that does nothing but take messages continue as new: it never comes to a checkpoint."""
    run.made_progress = True
    if run.suspension.is_idle and _should_continue_as_new(run):
        run.suspension.request()


def _should_continue_as_new(run: Run) -> bool:
    return run.made_progress and run.effects.continue_as_new_suggested()
