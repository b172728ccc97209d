"""Stay with a run until it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from interpreter.cli.display.display import choose_display
from interpreter.cli.display.output import say
from interpreter.cli.display.report import Report
from interpreter.cli.display.steps import StepView, build_step_views
from interpreter.temporal.client.run_handle import RunHandle

T = TypeVar("T")

POLL = 0.25
"""Seconds between two looks at a run."""
PATIENCE = 8
"""Looks in a row without an answer until that is worth a word: a worker that has just begun needs a moment."""


async def follow(
    run: RunHandle,
    file: str | None = None,
    *,
    watch_steps: Callable[[list[StepView]], object] = lambda _: None,
) -> Report:
    """Show how far it has come, on standard error, until it has ended.

    Args:
        watch_steps: Is told the steps at every look.

    Raises:
        RunProblem: there is no such run, or it is none of Stepfile.
    """
    silent = 0
    ended = asyncio.ensure_future(run.wait_for_ending())
    try:
        with choose_display() as shown:
            while True:
                over = ended.done()
                snapshot = await run.take_snapshot()
                steps = build_step_views(snapshot)
                shown.show(steps)
                watch_steps(steps)
                if over:
                    return Report(snapshot, await ended, file)
                silent = silent + 1 if snapshot.silence else 0
                if snapshot.silence and silent == PATIENCE:
                    say(snapshot.silence)
                await asyncio.wait({ended}, timeout=POLL)
    finally:
        ended.cancel()


async def watch(run: RunHandle, file: str | None = None) -> Report:
    """Follow a run that is not ours to stop: Ctrl-C ends the watching only."""
    try:
        return await follow(run, file)
    except asyncio.CancelledError:
        say(f"the run goes on: stepfile status {run.id} --follow")
        raise


async def wait_or_fail(work: Awaitable[T], *failing: Callable[[], Awaitable[Exception]]) -> T:
    """Wait for `work`, or raise what one of `failing` comes up with meanwhile."""
    main = asyncio.ensure_future(work)
    guards = [asyncio.ensure_future(guard()) for guard in failing]
    try:
        await asyncio.wait({main, *guards}, return_when=asyncio.FIRST_COMPLETED)
        for guard in guards:
            if guard.done() and not main.done():
                raise guard.result()
        return await main
    finally:
        for task in (main, *guards):
            task.cancel()
