"""A command that talks to Temporal runs in an event loop, and ends in good order at Ctrl-C."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.display.output import print_notice
from interpreter.cli.process.exit import ExitCode
from interpreter.cli.process.interrupts import Interrupts
from interpreter.temporal.observing.logs import silence_warnings
from interpreter.temporal.observing.runtime import set_up_runtime
from interpreter.temporal.tracing.switch import FLUSH_TIMEOUT, flush_traces

if TYPE_CHECKING:
    from interpreter.temporal.client.connection import Client


def run_async_command(
    command: Callable[[Interrupts], Coroutine[Any, Any, ExitCode]],
    *,
    quiet: bool = True,
    metrics_address: str | None = None,
) -> ExitCode:
    """Run a command in an event loop.

    Args:
        command: Gets the `Interrupts`; unless it tells them otherwise, Ctrl-C cancels it. It returns how it ended.
        quiet: Whether to suppress the warnings of temporalio.
        metrics_address: Where to serve metrics as `host:port`; None to have none.

    Returns:
        What the command returned, or `ExitCode.INTERRUPTED` if it was cancelled.

    Raises:
        ListenProblem: metrics can't be served there.
    """
    gc.enable()
    set_up_runtime(metrics_address)
    if quiet:
        silence_warnings()

    async def listen_and_run() -> ExitCode:
        task = asyncio.current_task()
        assert task is not None
        interrupts = Interrupts(task)
        interrupts.listen()
        return await command(interrupts)

    try:
        return asyncio.run(listen_and_run())
    except asyncio.CancelledError:
        return ExitCode.INTERRUPTED
    finally:
        if not flush_traces():
            print_notice(f"not all traces were sent within {FLUSH_TIMEOUT:g} s")


def run_with_client(
    connection: ConnectionOptions,
    command: Callable[[Client], Coroutine[Any, Any, ExitCode]],
    file: str | None = None,
) -> ExitCode:
    """Connect to Temporal, and run a command that Ctrl-C cancels.

    Args:
        connection: The options of the command.
        command: Gets the client, and returns how it ended.
        file: The FILE of the command, around which its project may be.

    Returns:
        What the command returned, or `ExitCode.INTERRUPTED` if it was cancelled.

    Raises:
        TemporalProblem: Temporal can't be reached, or the project's data converter can't be used.
    """

    async def connect_and_run(_: Interrupts) -> ExitCode:
        return await command(await connection.connect(file))

    return run_async_command(connect_and_run)
