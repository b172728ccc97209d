"""This is the activity behind `http` steps, as a worker has it.

`start_to_close` bounds its time, as that of every async activity (see `interpreter.temporal.worker.attempt_timeout`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from temporalio import activity

from interpreter.program.model import HTTP_ACTIVITY
from interpreter.temporal.worker.heartbeats import send_heartbeats
from interpreter.temporal.worker.http.settings import HttpSettings

if TYPE_CHECKING:
    from interpreter.temporal.worker.http.sender import Sender


class HttpActivity:
    """An `HttpActivity` holds the activity behind `http`, and its connections: those of one worker,
    or of all workers of a client that has the plugin.
    """

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._sender: Sender | None = None
        self._workers = 0

    @asynccontextmanager
    async def hold_connections(self) -> AsyncGenerator[None]:
        """Allow requests inside the block, and close the connections when the last worker that uses them ends."""
        self._workers += 1
        try:
            yield
        finally:
            self._workers -= 1
            if not self._workers and self._sender is not None:
                await self._sender.aclose()
                self._sender = None

    @activity.defn(name=HTTP_ACTIVITY)
    async def send_request(self, argument: Any) -> dict[str, Any]:
        """Send a request.

        Args:
            argument: A map that `parse_request` accepts.

        Returns:
            A map with `status`, `headers` (their names in lower case) and `body` (data, text or null).

        Raises:
            ApplicationError: its type is one of `Http.*`; the how-to `call-http` lists them.
        """
        async with send_heartbeats():
            return await self._get_sender().send(argument)

    def _get_sender(self) -> Sender:
        """Get the sender, which is made in the event loop of the worker, when it is needed."""
        if self._sender is None:
            from interpreter.temporal.worker.http.sender import Sender  # httpx takes a tenth of a second

            self._sender = Sender(self._settings)
        return self._sender
