"""The work of `stepfile signal`, `update` and `query` is to send one message to a run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.display.output import format_json, print_notice, print_result
from interpreter.cli.process.async_command import run_with_client
from interpreter.cli.process.exit import ExitCode
from interpreter.state.inbox import Message
from interpreter.temporal.client.connection import Client
from interpreter.temporal.client.messages import ask, send_signal, send_update
from interpreter.temporal.client.run_handle import RunHandle


def signal(
    connection: ConnectionOptions, workflow_id: str, run_id: str | None, name: str, payload: Any
) -> ExitCode:
    """Send a signal to a run.

    Raises:
        MessageRefused: the run does not accept the signal; nothing was sent.
        TemporalProblem: Temporal can't be reached, there is no such run, or it has ended.
    """

    async def send(run: RunHandle) -> None:
        await send_signal(run, Message(name, payload))
        print_notice(f'the signal "{name}" was sent to {run.id}')

    return _send(connection, workflow_id, run_id, send)


def update(
    connection: ConnectionOptions, workflow_id: str, run_id: str | None, name: str, payload: Any
) -> ExitCode:
    """Send an update to a run, and write its answer to standard output.

    Raises:
        MessageRefused: the run does not accept the update; nothing was sent.
        TemporalProblem: Temporal can't be reached, there is no such run, it has ended, or it refuses the update.
    """

    async def send(run: RunHandle) -> None:
        print_result(format_json(await send_update(run, Message(name, payload), waiting=print_notice)))

    return _send(connection, workflow_id, run_id, send)


def query(connection: ConnectionOptions, workflow_id: str, run_id: str | None, name: str) -> ExitCode:
    """Query a run, and write its answer to standard output.

    Raises:
        TemporalProblem: Temporal can't be reached, there is no such run, no worker answers, or the run has no such
            query.
    """

    async def send(run: RunHandle) -> None:
        print_result(format_json(await ask(run, name)))

    return _send(connection, workflow_id, run_id, send)


def _send(
    connection: ConnectionOptions,
    workflow_id: str,
    run_id: str | None,
    send: Callable[[RunHandle], Awaitable[None]],
) -> ExitCode:
    async def find_and_send(client: Client) -> ExitCode:
        await send(RunHandle.find(client, workflow_id, run_id))
        return ExitCode.SUCCESS

    return run_with_client(connection, find_and_send)
