"""The messages of a case: sent to a run on the fake, or on a server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateStage,
)

from dsl.scalars.duration import parse_duration
from interpreter.client import Submission, start, start_with_update
from interpreter.failure.failure import StepFailed
from interpreter.messages.declared import MessageRefused
from interpreter.messages.handlers import answer_query, apply_update, check_update, receive_signal
from interpreter.state.inbox import Message
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


async def start_on_server(
    client: Client, submission: Submission, workflow_id: str, messages: tuple[Sent, ...]
) -> list[Answer]:
    """Start a run, with the first message if that comes along; its answer, if it has one."""
    where: dict[str, Any] = {"workflow_id": workflow_id, "task_queue": workflow_id}
    match messages:
        case ({"at": "start", "signal": name, **rest}, *_):
            await start(client, submission, **where, signal=Message(name, rest.get("payload")))
        case ({"at": "start", "update": name, **rest}, *_):
            along = Message(name, rest.get("payload"))
            _, update = await start_with_update(client, submission, along, **where)
            return [asyncio.ensure_future(_or_refused(update.result()))]
        case _:
            await start(client, submission, **where)
    return []


async def send_on_server(
    messages: tuple[Sent, ...],
    handle: WorkflowHandle[Any, Any],
    begun: Callable[[str], Awaitable[None]],
    answers: list[Answer],
) -> list[Any]:
    """The same on a server.

    Args:
        messages: All; one that came along with the start is not sent again.
        handle: Of the run.
        begun: Waits until a step has begun.
        answers: What `start_on_server` returned.
    """

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

    later = tuple(message for message in messages if message.get("at") != "start")
    return [*[await answer for answer in answers], *await _all(later, begun, send)]


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
    if at == "start":
        return
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
