"""The work of `stepfile breaker` is to look at shared circuit breakers, and to give them orders.

A command that needs the entity of a breaker also works for entities while it runs, so no other worker is needed.
"""

from __future__ import annotations

import json as json_format
from collections.abc import Awaitable, Callable

from dsl.problems.snippet import make_printable
from dsl.problems.suggest import did_you_mean
from dsl.problems.wording import join_listed
from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.display.breaker_overview import (
    build_record,
    format_breaker,
    format_name,
    format_state,
    format_target,
)
from interpreter.cli.display.output import format_json, print_notice, print_result
from interpreter.cli.process.async_command import run_with_client
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.client.breaker_orders import check_target
from interpreter.temporal.client.breaker_problem import UnknownBreaker
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
        TemporalProblem: no definition can have such a breaker, or Temporal can't be reached.
    """
    check_target(name, None)

    async def watch(client: Client) -> ExitCode:
        async for states in BreakerHandle(client, name).watch():
            if not states:
                print_notice(f"nothing is known of the circuit breaker {make_printable(name)}")
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
        TemporalProblem: no definition can have such a breaker, Temporal can't be reached, or no worker carries the
            order out.
    """
    check_target(name, key)

    async def give(client: Client) -> ExitCode:
        breaker = BreakerHandle(client, name, key)
        surprise = await _find_surprise(breaker)
        async with serve_entities(client):
            await order(breaker)
        print_notice(f"the circuit breaker {format_target(name, key)} {done}")
        if surprise is not None:
            print_notice(surprise)
        return ExitCode.SUCCESS

    return run_with_client(connection, give)


async def _find_surprise(breaker: BreakerHandle) -> str | None:
    """Say what speaks for a slip in the name or in the key of an order; None if nothing does.

    A breaker may be given an order before the first call behind it, so an unknown one is no error.

    Raises:
        BreakerProblem: the server refuses to tell.
    """
    try:
        states = await breaker.look()
    except UnknownBreaker:
        names = {each.name for each in await list_breakers(breaker.client)} - {breaker.name}
        hint = did_you_mean(breaker.name, names, {})
        return _add_hint(f'nothing was known of the circuit breaker "{breaker.name}" before', hint)
    keys = {make_printable(each.key) for each in states if each.key is not None}
    if not keys:
        return None
    if breaker.key is None:
        return (
            f'the circuit breaker "{breaker.name}" has keys ({join_listed(keys)}): '
            "this order is for the one without a key"
        )
    key = make_printable(breaker.key)
    if key in keys:
        return None
    said = f'nothing was known of the key "{key}" of the circuit breaker "{breaker.name}" before'
    return f"{_add_hint(said, did_you_mean(key, keys, {}))}; it has the keys {join_listed(keys)}"


def _add_hint(said: str, hint: str | None) -> str:
    return said if hint is None else f"{said}; {hint}"
