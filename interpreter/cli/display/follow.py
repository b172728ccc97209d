"""A command follows a run: it shows how far the run has come until the run has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from interpreter.cli.display.output import print_notice
from interpreter.cli.display.progress import choose_progress_display
from interpreter.cli.display.run_overview import RunOverview
from interpreter.cli.display.step_views import StepView, build_step_views
from interpreter.temporal.client.run_handle import RunHandle

POLL_INTERVAL = 0.25
"""How many seconds lie between two snapshots of a run."""
TOLERATED_SILENCE = 8
"""After how many snapshots in a row without a worker's answer the user is told: a new worker needs a moment."""


async def follow(
    run: RunHandle,
    file: str | None = None,
    *,
    watch_steps: Callable[[list[StepView]], object] = lambda _: None,
) -> RunOverview:
    """Show the steps of a run on standard error until the run has ended.

    Args:
        run: The run.
        file: The file with its definition, if it is known.
        watch_steps: Is called with the steps of every snapshot.

    Raises:
        RunProblem: there is no such run, or it is not a run of Stepfile.
    """
    silent_snapshots = 0
    ending = asyncio.ensure_future(run.wait_for_ending())
    try:
        with choose_progress_display() as display:
            while True:
                has_ended = ending.done()
                snapshot = await run.take_snapshot()
                steps = build_step_views(snapshot)
                display.show(steps)
                watch_steps(steps)
                if has_ended:
                    return RunOverview(snapshot, await ending, file)
                silent_snapshots = silent_snapshots + 1 if snapshot.silence else 0
                if snapshot.silence and silent_snapshots == TOLERATED_SILENCE:
                    print_notice(snapshot.silence)
                await asyncio.wait({ending}, timeout=POLL_INTERVAL)
    finally:
        ending.cancel()


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
