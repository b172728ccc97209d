"""Send the messages of a case to a run on the fake."""

from __future__ import annotations

import asyncio
from typing import Any

from interpreter.failure.failure import StepFailed
from interpreter.messages.compensation_orders import apply_order, check_order
from interpreter.messages.declared import MessageRefused
from interpreter.messages.handlers import answer_query, apply_update, check_update, receive_signal
from tests.support.fake_effects import FakeEffects
from tests.support.sending import Answer, Sent, list_arguments, send_in_turn
from tests.support.whole_run import WholeRun


async def send_on_fake(messages: tuple[Sent, ...], effects: FakeEffects, whole: WholeRun) -> list[Any]:
    """Send the messages of a case to a run on the fake; return what was answered."""

    async def begun(step: str) -> None:
        await effects.shown[step].wait()

    async def answer(message: Sent) -> Any:
        args = list_arguments(message)
        try:
            if "signal" in message:
                receive_signal(whole.run, message["signal"], args)
            elif "order" in message:
                check_order(whole.run, message["order"], args)
                return await apply_order(whole.run, message["order"], args)
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

    return await send_in_turn(messages, begun, send)
