"""The messages of a case are sent in its order, and at the times that it says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from dsl.scalars.duration import parse_duration

Sent = dict[str, Any]
Answer = Awaitable[Any]


def split_place(place: str) -> tuple[str, float]:
    """Read `STEP`, or `STEP after DURATION`; return the step, and how many seconds after its begin."""
    step, _, delay = place.partition(" after ")
    return step, parse_duration(delay).total_seconds() if delay else 0


def list_arguments(message: Sent) -> list[Any]:
    """List the arguments of a message: its payload, if it has one."""
    return [message["payload"]] if "payload" in message else []


async def send_in_turn(
    messages: tuple[Sent, ...],
    begun: Callable[[str], Awaitable[None]],
    send: Callable[[Sent], Awaitable[Answer]],
) -> list[Any]:
    """Send each message when the one before has arrived, although it may not have been answered yet.

    Args:
        messages: What to send, and when.
        begun: Waits until a step has begun.
        send: Sends a message, waits until it has arrived, and returns what waits for its answer.

    Returns:
        The answers to updates and queries, in the order of the messages.
    """
    started = asyncio.get_running_loop().time()
    answers: list[Answer] = []
    for message in messages:
        await _wait_until(str(message.get("at", "0s")), begun, started)
        answer = await send(message)
        if "signal" in message:
            await answer
        else:
            answers.append(answer)
    return [await answer for answer in answers]


async def _wait_until(place: str, begun: Callable[[str], Awaitable[None]], started: float) -> None:
    if place == "start":
        return
    if place[:1].isdigit() and " after " not in place:
        passes = started + parse_duration(place).total_seconds()
        await asyncio.sleep(max(0.0, passes - asyncio.get_running_loop().time()))
        return
    step, delay = split_place(place)
    await begun(step)
    await asyncio.sleep(delay)
