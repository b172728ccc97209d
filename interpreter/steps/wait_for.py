"""`wait_for`: wait for messages."""

from __future__ import annotations

import asyncio
from datetime import datetime

from dsl.expressions import JsonValue
from dsl.model import Awaited, WaitForStep
from dsl.problems.wording import listed
from dsl.scalars.duration import format_duration
from interpreter.calls.durations import duration
from interpreter.concurrency.wait_queue import Bell
from interpreter.failure.failure import Failure, StepFailed
from interpreter.program.model import Node
from interpreter.state.inbox import Message
from interpreter.state.run import Run
from interpreter.state.scope import Scope


async def perform(run: Run, node: Node, step: WaitForStep, scope: Scope) -> JsonValue:
    """Wait until what is awaited has come, or was there before; nobody else gets it then.

    Raises:
        StepFailed: `Timeout.WaitFor`, or `match` has no value for a message.
    """
    awaited = step.wait_for
    ends = _ends(run, node, step.wait_for, scope)
    bell, alarm = run.inbox.arrivals, None
    try:
        while (found := _found(run, node, awaited, scope)) is None:
            if ends is not None and run.effects.now() >= ends:
                raise _too_late(awaited, run.progress.of(node.path).memory["timeout"])
            if ends is not None and alarm is None:
                alarm = asyncio.ensure_future(_ring_at(run, ends, bell, node.path))
            await _news(run, scope, bell)
    finally:
        if alarm is not None:
            alarm.cancel()
    for message in found:
        run.inbox.take(message)
    return _result(awaited, found)


async def _news(run: Run, scope: Scope, bell: Bell) -> None:
    if not scope.can_hand_over:
        await bell.heard()
        return
    with run.handover.resting():
        await bell.heard()


async def _ring_at(run: Run, ends: datetime, bell: Bell, summary: str) -> None:
    await run.effects.sleep(ends - run.effects.now(), summary)
    bell.ring()


def _ends(run: Run, node: Node, awaited: Awaited, scope: Scope) -> datetime | None:
    if awaited.timeout is None:
        return None
    memory = run.progress.of(node.path).memory
    if "ends" not in memory:
        timeout = duration(run, awaited.timeout, scope, f"{node.path}: wait_for.timeout")
        ends = run.effects.now() + timeout
        memory.update(ends=ends.isoformat(), timeout=format_duration(timeout))
    return datetime.fromisoformat(memory["ends"])


def _found(run: Run, node: Node, awaited: Awaited, scope: Scope) -> list[Message] | None:
    """The messages that end the wait; None as long as one is missing."""

    def fits(message: Message) -> bool:
        inside = scope.with_names(payload=message.payload, signal=message.name)
        return run.condition(awaited.match, inside, f"{node.path}: wait_for.match")

    wanted: list[tuple[str, ...]] = [(name,) for name in awaited.all]
    if not wanted:
        wanted = [awaited.names]
    found = [run.inbox.find(names, fits) for names in wanted]
    return None if None in found else [message for message in found if message is not None]


def _result(awaited: Awaited, found: list[Message]) -> JsonValue:
    if awaited.all:
        return {message.name: message.payload for message in found}
    (message,) = found
    return {"signal": message.name, "payload": message.payload} if awaited.any else message.payload


def _too_late(awaited: Awaited, timeout: str) -> StepFailed:
    message = f"no message within {timeout}: {listed(awaited.names)}"
    return StepFailed(Failure("Timeout.WaitFor", message, timeout_type="WaitFor"))
