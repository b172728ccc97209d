"""Ctrl-C once: stop in good order. Twice: leave at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from interpreter.cli.display.output import show_cursor
from interpreter.cli.process.exit import Exit, leave

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """What SIGINT and SIGTERM do to a command: the first one cancels it, unless it says otherwise."""

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self.received: signal.Signals | None = None
        """The first one."""
        self._at_first: Callable[[], object] = task.cancel
        self._at_second: Callable[[], object] = lambda: None
        self._acting: asyncio.Future[Any] | None = None

    async def wait(self) -> signal.Signals:
        """Go on at the first signal, which was `received`."""
        came = asyncio.Event()
        self._at_first = came.set
        await came.wait()
        assert self.received is not None
        return self.received

    def start_at_first_signal(self, action: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Let the first signal start `action`; what goes on goes on."""

        def act() -> None:
            self._acting = asyncio.ensure_future(action())

        self._at_first = act

    def call_at_second_signal(self, action: Callable[[], object]) -> None:
        """What the second signal does before the process ends."""
        self._at_second = action

    def listen(self) -> None:
        """Take the signals from now on."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            try:
                loop.add_signal_handler(number, self._handle_signal, number)
            except NotImplementedError:  # Windows: Ctrl-C cancels the command, whatever it says
                return

    def _handle_signal(self, number: signal.Signals) -> None:
        if self.received is None:
            self.received = number
            self._at_first()
        else:
            self._at_second()
            show_cursor()
            leave(Exit.INTERRUPTED)
