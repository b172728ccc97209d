"""A command follows a run: it shows how far the run has come until the run has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from interpreter.cli.display.notes import build_notes
from interpreter.cli.display.output import print_notice
from interpreter.cli.display.progress import ProgressDisplay, choose_progress_display
from interpreter.cli.display.run_overview import RunOverview
from interpreter.cli.display.step_views import StepView, build_step_views
from interpreter.temporal.client.run_handle import RunHandle, RunSnapshot
from interpreter.temporal.client.watch import RunWatch

POLL_INTERVAL = 0.25
"""How many seconds lie between two snapshots of a run."""

Watch = Callable[[RunSnapshot, list[StepView]], object]
"""Is told of every snapshot of a run, and of its steps."""


async def follow(
    run: RunHandle,
    file: str | None = None,
    *,
    watch: Watch | None = None,
) -> RunOverview:
    """Show the steps of a run on standard error until the run has ended.

    Args:
        run: The run.
        file: The file with its definition, if it is known.
        watch: Is told what is shown.

    Raises:
        RunProblem: there is no such run, or it is not a run of Stepfile.
    """
    ending = asyncio.ensure_future(run.wait_for_ending())
    watched = RunWatch(run)
    try:
        with choose_progress_display() as display:
            while not ending.done():
                snapshot = await watched.take_snapshot()
                _show(display, watch, snapshot, watched.silent_for)
                await asyncio.wait({ending}, timeout=POLL_INTERVAL)
            snapshot = await run.take_snapshot()
            _show(display, watch, snapshot, timedelta())
            return RunOverview(snapshot, await ending, file)
    finally:
        ending.cancel()
        watched.close()


def _show(
    display: ProgressDisplay,
    watch: Watch | None,
    snapshot: RunSnapshot,
    silent_for: timedelta,
) -> None:
    steps = build_step_views(snapshot)
    display.show(steps, build_notes(snapshot, silent_for))
    if watch is not None:
        watch(snapshot, steps)


async def follow_until_interrupted(run: RunHandle, file: str | None = None) -> RunOverview:
    """Follow a run that this command does not own: Ctrl-C ends the command, and the run continues.

    Raises:
        RunProblem: there is no such run, or it is not a run of Stepfile.
    """
    try:
        return await follow(run, file)
    except asyncio.CancelledError:
        print_notice(f"the run continues; `stepfile status {run.id} --follow` shows its progress")
        raise
