"""`wait_for`: wait for messages."""

from __future__ import annotations

import asyncio

from dsl.expressions import JsonValue
from dsl.model import Awaited, WaitForStep
from dsl.problems.wording import join_listed
from dsl.scalars.duration import format_duration
from interpreter.calls.durations import evaluate_duration
from interpreter.failure.failure import Failure, StepFailed
from interpreter.state.context import StepContext
from interpreter.state.inbox import Message
from interpreter.state.step_state import WaitState


async def perform(context: StepContext, step: WaitForStep) -> JsonValue:
    """Wait until what is awaited has come, or was there before; no other step gets those messages then.

    Raises:
        StepFailed: `Timeout.WaitFor`, or `match` has no value for a message.
    """
    run, awaited = context.run, step.wait_for
    state = _start_timeout(context, awaited)
    alarm: asyncio.Future[None] | None = None
    try:
        while (messages := _find_messages(context, awaited)) is None:
            if state is not None and run.effects.now() >= state.ends_at:
                raise _timed_out(awaited, state)
            if state is not None and alarm is None:
                alarm = asyncio.ensure_future(_wake_at_end(context, state))
            await _wait_for_arrival(context)
    finally:
        if alarm is not None:
            alarm.cancel()
    for message in messages:
        run.inbox.take(message)
    return _build_result(awaited, messages)


async def _wait_for_arrival(context: StepContext) -> None:
    arrivals = context.run.inbox.arrivals
    if not context.scope.can_continue_as_new:
        await arrivals.wait()
        return
    with context.run.suspension.suspended():
        await arrivals.wait()


async def _wake_at_end(context: StepContext, state: WaitState) -> None:
    run = context.run
    await run.effects.sleep(state.ends_at - run.effects.now(), context.node.summary)
    run.inbox.arrivals.notify_all()


def _start_timeout(context: StepContext, awaited: Awaited) -> WaitState | None:
    """When the step gives up; None if it never does."""
    if awaited.timeout is None:
        return None
    progress = context.progress
    state = progress.resume
    if not isinstance(state, WaitState):
        timeout = evaluate_duration(context, awaited.timeout, "wait_for.timeout")
        state = progress.resume = WaitState(context.run.effects.now() + timeout, timeout)
    return state


def _find_messages(context: StepContext, awaited: Awaited) -> list[Message] | None:
    """The messages that end the wait; None as long as one is missing."""

    def fits(message: Message) -> bool:
        inside = context.scope.with_names(payload=message.payload, signal=message.name)
        return context.evaluate_condition(awaited.match, "wait_for.match", inside)

    wanted: list[tuple[str, ...]] = [(name,) for name in awaited.all]
    if not wanted:
        wanted = [awaited.names]
    messages = [context.run.inbox.find(names, fits) for names in wanted]
    return None if None in messages else [message for message in messages if message is not None]


def _build_result(awaited: Awaited, messages: list[Message]) -> JsonValue:
    if awaited.all:
        return {message.name: message.payload for message in messages}
    (message,) = messages
    return {"signal": message.name, "payload": message.payload} if awaited.any else message.payload


def _timed_out(awaited: Awaited, state: WaitState) -> StepFailed:
    assert state.timeout is not None
    message = f"no message within {format_duration(state.timeout)}: {join_listed(awaited.names)}"
    return StepFailed(Failure("Timeout.WaitFor", message, timeout_type="WaitFor"))
