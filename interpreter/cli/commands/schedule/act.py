"""What the commands that change a schedule have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from interpreter.cli.arguments.connection import Connection
from interpreter.cli.display.output import say
from interpreter.cli.process.exit import Exit

if TYPE_CHECKING:
    from interpreter.cli.process.interrupts import Interrupts
    from interpreter.temporal.client.schedules import StepfileSchedule


def act(
    schedule_id: str, connection: Connection, action: Callable[[StepfileSchedule], Awaitable[None]], done: str
) -> Exit:
    """Do something with a schedule, and say that it is `done`."""
    from interpreter.cli.process.session import run_session
    from interpreter.temporal.client.schedules import StepfileSchedule

    async def run_action(_: Interrupts) -> Exit:
        await action(StepfileSchedule.find(await connection.connect(), schedule_id))
        say(f"{schedule_id} {done}")
        return Exit.FINE

    return run_session(run_action)
