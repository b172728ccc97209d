"""Who may still start something: one `CancelScope` per scope that can be cancelled as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class CancelScope:
    """A request to stop that everything inside sees, and nothing outside.

    Cancelling a task only reaches what it waits for at that moment, and an activity may complete all the
    same; so each step asks here before it starts. Like Trio's cancel scopes, the request stays.
    """

    def __init__(self, outer: CancelScope | None = None, asked: Callable[[], bool] = lambda: False) -> None:
        self._outer = outer
        self._asked = asked
        self._requested = False

    def cancel(self) -> None:
        """From now on nothing new starts inside."""
        self._requested = True

    @property
    def cancel_called(self) -> bool:
        """Whether this scope, or one around it, was asked to stop."""
        return self._requested or self._asked() or (self._outer is not None and self._outer.cancel_called)

    def raise_if_cancelled(self) -> None:
        """
        Raises:
            asyncio.CancelledError: this scope, or one around it, was asked to stop.
        """
        if self.cancel_called:
            raise asyncio.CancelledError


class CancelledAndUndone(asyncio.CancelledError):
    """What was asked to stop has stopped, and has undone itself what it had done."""
