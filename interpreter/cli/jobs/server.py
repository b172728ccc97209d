"""The work of `stepfile server` is to run a development server until a signal comes."""

from __future__ import annotations

from pathlib import Path
from signal import SIGINT

from interpreter.cli.display.output import print_notice, print_result
from interpreter.cli.process.async_command import run_async_command
from interpreter.cli.process.exit import ExitCode
from interpreter.cli.process.interrupts import Interrupts
from interpreter.cli.process.waiting import wait_or_fail
from interpreter.temporal.client.search_attributes import (
    SearchAttributesProblem,
    register_search_attributes,
)
from interpreter.temporal.dev_server.server import DevServer, run_dev_server


def serve(
    db: Path | None,
    port: int | None,
    ui_port: int | None,
    namespace: str,
    dynamic_config: tuple[str, ...],
) -> ExitCode:
    """Run a development server with its UI until SIGINT or SIGTERM comes.

    Args:
        db: The SQLite file in which the server keeps its state; None if it forgets its state at the end.
        port: The port of the server; None for any free one.
        ui_port: The port of the UI; None for any free one.
        namespace: Temporal's namespace, which is created if it does not exist.
        dynamic_config: Values of Temporal's dynamic configuration, each as `KEY=VALUE` with a value of JSON.

    Raises:
        ServerProblem: the server is not installed, did not start, or has ended by itself.
    """

    async def run(interrupts: Interrupts) -> ExitCode:
        async with run_dev_server(
            db=db,
            port=port,
            ui=True,
            ui_port=ui_port,
            namespace=namespace,
            dynamic_config=dynamic_config,
        ) as server:
            interrupts.call_at_second_signal(server.kill)
            await _register_search_attributes(server)
            print_result(
                f"Temporal runs at {server.address} (namespace {server.namespace}), its UI at {server.ui_url}"
            )
            print_result(f"To use it from anywhere: export TEMPORAL_ADDRESS={server.address}")
            received = await wait_or_fail(interrupts.wait(), server.wait_for_end)
        return ExitCode.INTERRUPTED if received is SIGINT else ExitCode.SUCCESS

    return run_async_command(run)


async def _register_search_attributes(server: DevServer) -> None:
    """Let the server find runs by what is wrong with them. It runs them without that, too."""
    try:
        await register_search_attributes(await server.connect())
    except SearchAttributesProblem as problem:
        print_notice(str(problem))
