"""The first Ctrl-C lets a command stop in good order; the second one ends the process at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from interpreter.cli.display.output import show_cursor
from interpreter.cli.process.exit import ExitCode, exit_process

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """The `Interrupts` of a command say what SIGINT and SIGTERM do to it.

    The first signal cancels the command, unless the command says otherwise.
    """

    def __init__(self, task: asyncio.Task[Any]) -> None:
        """Let the first signal cancel `task`."""
        self.received: signal.Signals | None = None
        """The first signal that has come."""
        self._at_first: Callable[[], object] = task.cancel
        self._at_second: list[Callable[[], object]] = []
        self._started: asyncio.Future[Any] | None = None

    async def wait(self) -> signal.Signals:
        """Wait for the first signal, and return it; the command is not cancelled."""
        came = asyncio.Event()
        self._at_first = came.set
        await came.wait()
        assert self.received is not None
        return self.received

    def start_at_first_signal(self, action: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Let the first signal start `action`; the command is not cancelled."""

        def start() -> None:
            self._started = asyncio.ensure_future(action())

        self._at_first = start

    def call_at_second_signal(self, action: Callable[[], object]) -> None:
        """Let the second signal call `action`, after what it calls already, before it ends the process."""
        self._at_second.append(action)

    def listen(self) -> None:
        """Handle the signals from now on."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            try:
                loop.add_signal_handler(number, self._handle_signal, number)
            except NotImplementedError:  # on Windows Ctrl-C cancels the command, whatever the command says
                return

    def _handle_signal(self, number: signal.Signals) -> None:
        if self.received is None:
            self.received = number
            self._at_first()
        else:
            try:
                for action in self._at_second:
                    action()
                show_cursor()
            finally:  # the process ends, whatever is wrong with an action
                exit_process(ExitCode.INTERRUPTED)
