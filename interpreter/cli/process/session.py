"""The part of a command that talks to Temporal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from interpreter.cli.process.exit import Exit
from interpreter.cli.process.interrupts import Interrupts
from interpreter.temporal.observing.logs import forward_to_logging, silence_warnings


def run_session(command: Callable[[Interrupts], Coroutine[Any, Any, Exit]], *, quiet: bool = True) -> Exit:
    """Run `command`, which Ctrl-C cancels unless it says otherwise.

    Args:
        command: Returns what the command ends with.
        quiet: Keep temporalio's own warnings back.

    Returns:
        What it returned; `Exit.INTERRUPTED` if it was cancelled.
    """
    forward_to_logging()
    if quiet:
        silence_warnings()

    async def listen_and_run() -> Exit:
        task = asyncio.current_task()
        assert task is not None
        interrupts = Interrupts(task)
        interrupts.listen()
        return await command(interrupts)

    try:
        return asyncio.run(listen_and_run())
    except asyncio.CancelledError:
        return Exit.INTERRUPTED
