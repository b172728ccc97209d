"""A shared circuit breaker is shown as text for people, or as a record for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dsl.problems.snippet import make_printable
from dsl.scalars.time import format_time

if TYPE_CHECKING:
    from interpreter.temporal.client.breakers import BreakerState


def format_state(state: BreakerState, width: int = 0) -> str:
    """Format one line of a list, such as `payments  open until 2026-01-02T09:00:00.000Z`.

    Args:
        state: The state.
        width: How many columns the name takes.
    """
    until = f" until {format_time(state.open_until)}" if state.open_until is not None else ""
    return f"{format_name(state):<{width}}  {state.state}{until}"


def format_name(state: BreakerState) -> str:
    """Name a breaker, such as `payments[eu]` for one with a key."""
    return format_target(state.name, state.key)


def format_target(name: str, key: str | None) -> str:
    """Name a breaker by its name and its key, such as `payments[eu]`, with control characters escaped."""
    return make_printable(name if key is None else f"{name}[{key}]")


def build_record(state: BreakerState) -> dict[str, Any]:
    """Build the JSON object of a state."""
    return {
        "name": state.name,
        "key": state.key,
        "state": state.state,
        "open_until": format_time(state.open_until) if state.open_until is not None else None,
    }


def format_breaker(shown: Mapping[str, Any]) -> Iterator[str]:
    """Format all that is known of the breakers of one name, line by line."""
    yield make_printable(shown["name"])
    for name, value in shown["settings"].items():
        yield f"  {name}: {value}"
    if not shown["breakers"]:
        yield "  closed, and no failure was reported"
    for each in shown["breakers"]:
        yield from _format_one(each)


def _format_one(shown: Mapping[str, Any]) -> Iterator[str]:
    key = "" if shown["key"] is None else f"[{make_printable(shown['key'])}] "
    until = f" until {shown['open_until']}" if shown["open_until"] else ""
    yield f"  {key}{shown['state']}{until}"
    if shown["waiting_steps"]:
        yield f"    waiting     {shown['waiting_steps']} steps"
    order = shown["order"]
    if order is not None:
        why = f": {make_printable(order['reason'])}" if order["reason"] else ""
        end = f", until {order['until']}" if order["until"] else ""
        yield f"    ordered     {order['command']} by {make_printable(order['by'])}{end}{why}"
    told = ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in shown["counters"].items())
    yield f"    counted     {told}"
    for change in shown["transitions"]:
        by = f" (by {make_printable(change['by'])})" if change["by"] else ""
        yield f"    {change['at']}  {change['before']} -> {change['after']}: {make_printable(change['cause'])}{by}"
