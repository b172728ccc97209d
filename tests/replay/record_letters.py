"""Record the histories of letters that the replay tests replay.

python -m tests.replay.record_letters
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from temporalio.client import Client

from interpreter.letters.orders import Command, Order
from interpreter.letters.run_end import RunEnd
from interpreter.letters.status import LetterStatus
from interpreter.temporal.dev_server.server import run_dev_server
from interpreter.temporal.wire.letters import ORDER_SIGNAL
from tests.replay.record import HISTORIES, IDENTITY, without_paths
from tests.temporal.letters.support import Desk

LETTER_HISTORIES = HISTORIES / "letters"


async def record_letters() -> None:
    """Let letters live, and write their histories."""
    async with run_dev_server() as server:
        client = await Client.connect(server.address, identity=IDENTITY)
        desk = Desk(client, "orders")
        async with desk.worker():
            await _write("redriven-in-vain-then-resolved", client, await _live(desk))
            await _write("becomes-poison", client, await _become_poison(desk))
            await _write("done-by-a-run-while-it-is-redriven", client, await _be_done_meanwhile(desk))


async def _live(desk: Desk) -> str:
    """A letter that fails again, hears of its run, refuses an order, is redriven in vain, and then with success."""
    letter_id = await desk.write("order-1")
    await desk.fail_again(letter_id, desk.record("order-1"))
    await desk.end_run(letter_id, RunEnd("run-1", "failed").to_json())
    await desk.wait_for(letter_id, LetterStatus.OPEN, failures=2)
    desk.service = "hang"
    order = await desk.redrive(letter_id)
    await desk.outcome(letter_id, await desk.give(letter_id, Command.PURGE))
    desk.service = "down"
    await desk.outcome(letter_id, order)
    desk.service = "up"
    await desk.outcome(letter_id, await desk.redrive(letter_id))
    return letter_id


async def _become_poison(desk: Desk) -> str:
    letter_id = await desk.write("order-2", max_redrives=1)
    desk.service = "down"
    await desk.outcome(letter_id, await desk.redrive(letter_id))
    await desk.handle(letter_id).result()
    return letter_id


async def _be_done_meanwhile(desk: Desk) -> str:
    letter_id = await desk.write("order-3")
    desk.service = "hang"
    order = await desk.redrive(letter_id)
    fact = Order("fact", Command.RESOLVE, "the run order-3", "it was done", is_fact=True)
    await desk.handle(letter_id).signal(ORDER_SIGNAL, fact.to_json())
    await desk.outcome(letter_id, fact)
    desk.service = "down"
    await desk.outcome(letter_id, order)
    await desk.handle(letter_id).result()
    return letter_id


async def _write(name: str, client: Client, letter_id: str) -> None:
    history = await client.get_workflow_handle(letter_id).fetch_history()
    file: Path = LETTER_HISTORIES / f"{name}.json"
    file.write_text(without_paths(history.to_json()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(record_letters())
