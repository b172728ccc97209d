"""The messages of a case: sent to a run on the fake, or on a server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from temporalio.client import (
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateStage,
)

from dsl.duration import parse_duration
from interpreter.declared import MessageRefused
from interpreter.failure import StepFailed
from interpreter.messages import answer_query, apply_update, check_update, receive_signal
from tests.support.fake_effects import FakeEffects
from tests.support.whole_run import WholeRun

Sent = dict[str, Any]
Answer = Awaitable[Any]


async def send_on_fake(messages: tuple[Sent, ...], effects: FakeEffects, whole: WholeRun) -> list[Any]:
    """Send them; what was answered, in the order of the messages."""

    async def begun(step: str) -> None:
        await effects.shown[step].wait()

    async def answer(message: Sent) -> Any:
        args = _args(message)
        try:
            if "signal" in message:
                receive_signal(whole.run, message["signal"], args)
            elif "update" in message:
                check_update(whole.run, message["update"], args)
                return await apply_update(whole.run, message["update"], args)
            else:
                return answer_query(whole.run, message["query"], args)
        except MessageRefused as refused:
            return {"refused": refused.kind}
        except StepFailed as failed:
            return {"refused": failed.failure.type}

    async def send(message: Sent) -> Answer:
        answered = asyncio.ensure_future(answer(message))
        await asyncio.sleep(0)
        return answered

    return await _all(messages, begun, send)


async def send_on_server(
    messages: tuple[Sent, ...],
    handle: WorkflowHandle[Any, Any],
    begun: Callable[[str], Awaitable[None]],
) -> list[Any]:
    """The same on a server; `begun` waits until a step has begun."""

    async def send(message: Sent) -> Answer:
        args = _args(message)
        if "update" in message:
            update = await handle.start_update(
                message["update"], args=args, wait_for_stage=WorkflowUpdateStage.ACCEPTED
            )
            return asyncio.ensure_future(_or_refused(update.result()))
        sending = (
            handle.signal(message["signal"], args=args)
            if "signal" in message
            else handle.query(message["query"], args=args)
        )
        answered = asyncio.ensure_future(_or_refused(sending))
        await asyncio.wait([answered])
        return answered

    return await _all(messages, begun, send)


async def _all(
    messages: tuple[Sent, ...],
    begun: Callable[[str], Awaitable[None]],
    send: Callable[[Sent], Awaitable[Answer]],
) -> list[Any]:
    """Each is sent when the one before has arrived; not when it was answered: that may take a later one."""
    started = asyncio.get_running_loop().time()
    answers: list[Answer] = []
    for message in messages:
        await _until(str(message.get("at", "0s")), begun, started)
        answer = await send(message)
        if "signal" in message:
            await answer
        else:
            answers.append(answer)
    return [await answer for answer in answers]


async def _or_refused(answer: Awaitable[Any]) -> Any:
    try:
        return await answer
    except WorkflowUpdateFailedError as error:
        return {"refused": getattr(error.cause, "type", None)}
    except WorkflowQueryFailedError as error:
        return {"refused": str(error)}


async def _until(at: str, begun: Callable[[str], Awaitable[None]], started: float) -> None:
    step, _, delay = at.partition(" after ")
    if not delay and step[:1].isdigit():
        delay, step = step, ""
        await asyncio.sleep(max(0.0, started + _seconds(delay) - asyncio.get_running_loop().time()))
        return
    await begun(step)
    await asyncio.sleep(_seconds(delay or "0s"))


def _seconds(duration: str) -> float:
    return parse_duration(duration).total_seconds()


def _args(message: Sent) -> list[Any]:
    return [message["payload"]] if "payload" in message else []
