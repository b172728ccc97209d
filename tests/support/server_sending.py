"""Send the messages of a case to a run on a server."""

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

from interpreter.state.inbox import Message
from interpreter.temporal.wire.names import ORDER_UPDATES
from stepfile import Submission, start, start_with_update
from tests.support.sending import Answer, Sent, list_arguments, send_in_turn


async def start_on_server(
    client: Client, submission: Submission, workflow_id: str, messages: tuple[Sent, ...]
) -> list[Answer]:
    """Start a run, with the first message if that is sent with the start; return its answer, if it has one."""
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
    """Send the messages of a case to a run on a server, and return the answers.

    Args:
        messages: All messages; one that was sent with the start is not sent again.
        handle: The handle of the run.
        begun: Waits until a step has begun.
        answers: What `start_on_server` has returned.
    """

    async def send(message: Sent) -> Answer:
        args = list_arguments(message)
        if "update" in message or "order" in message:
            name = message["update"] if "update" in message else ORDER_UPDATES[message["order"]]
            update = await handle.start_update(name, args=args, wait_for_stage=WorkflowUpdateStage.ACCEPTED)
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
    return [*[await answer for answer in answers], *await send_in_turn(later, begun, send)]


async def _or_refused(answer: Awaitable[Any]) -> Any:
    try:
        return await answer
    except WorkflowUpdateFailedError as error:
        return {"refused": getattr(error.cause, "type", None)}
    except WorkflowQueryFailedError as error:
        return {"refused": str(error)}
