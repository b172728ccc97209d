"""The work of `stepfile breaker` is to look at shared circuit breakers, and to give them orders.

A command that needs the entity of a breaker also works for entities while it runs, so no other worker is needed.
"""

from __future__ import annotations

import json as json_format
from collections.abc import Awaitable, Callable

from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.display.breaker_overview import build_record, format_breaker, format_name, format_state
from interpreter.cli.display.output import format_json, print_notice, print_result
from interpreter.cli.process.async_command import run_with_client
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.client.breakers import BreakerHandle, list_breakers
from interpreter.temporal.client.connection import Client
from interpreter.temporal.entities.serving import serve_entities


def show_breakers(connection: ConnectionOptions, *, json: bool) -> ExitCode:
    """Write the states of all shared breakers to standard output.

    Raises:
        TemporalProblem: Temporal can't be reached.
    """

    async def show(client: Client) -> ExitCode:
        found = await list_breakers(client)
        if json:
            print_result(format_json([build_record(state) for state in found]))
        elif not found:
            print_notice("no shared circuit breaker is known")
        else:
            width = max(len(format_name(state)) for state in found)
            for state in found:
                print_result(format_state(state, width))
        return ExitCode.SUCCESS

    return run_with_client(connection, show)


def show_breaker(connection: ConnectionOptions, name: str, *, json: bool) -> ExitCode:
    """Write what is known of a shared breaker to standard output.

    Raises:
        TemporalProblem: Temporal can't be reached, there is no such breaker, or no worker answers.
    """

    async def show(client: Client) -> ExitCode:
        async with serve_entities(client):
            shown = await BreakerHandle(client, name).show()
        print_result(format_json(shown) if json else "\n".join(format_breaker(shown)))
        return ExitCode.SUCCESS

    return run_with_client(connection, show)


def watch_breaker(connection: ConnectionOptions, name: str, *, json: bool) -> ExitCode:
    """Write the state of a shared breaker to standard output, and each change of it.

    Raises:
        TemporalProblem: Temporal can't be reached.
    """

    async def watch(client: Client) -> ExitCode:
        async for states in BreakerHandle(client, name).watch():
            if not states:
                print_notice(f"nothing is known of the circuit breaker {name}")
            for state in states:
                print_result(json_format.dumps(build_record(state)) if json else format_state(state))
        return ExitCode.SUCCESS

    return run_with_client(connection, watch)


def order_breaker(
    connection: ConnectionOptions,
    name: str,
    key: str | None,
    order: Callable[[BreakerHandle], Awaitable[None]],
    done: str,
) -> ExitCode:
    """Give an order to a shared breaker, and say so.

    Args:
        connection: Which Temporal server has the breaker.
        name: The name of the breaker.
        key: Its key, if it has one.
        order: Gives the order.
        done: What the message says of the breaker afterwards, such as `is closed`.

    Raises:
        TemporalProblem: Temporal can't be reached, or no worker carries the order out.
    """

    async def give(client: Client) -> ExitCode:
        async with serve_entities(client):
            await order(BreakerHandle(client, name, key))
        print_notice(f"the circuit breaker {name if key is None else f'{name}[{key}]'} {done}")
        return ExitCode.SUCCESS

    return run_with_client(connection, give)
