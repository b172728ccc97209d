"""Cancel scopes: who may still start something. See the package for the model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class CancelScope:
    """A cancellation that everything inside sees, and nothing outside.

    Cancelling a task only reaches what it waits for at that moment, and an activity may complete all the same. So
    each step asks its scope before it starts. Like trio's cancel scopes, a scope stays cancelled.
    """

    __slots__ = ("_asked", "_outer", "_requested")

    def __init__(self, outer: CancelScope | None = None, asked: Callable[[], bool] = lambda: False) -> None:
        self._outer = outer
        self._asked = asked
        self._requested = False

    def cancel(self) -> None:
        """Cancel everything inside: from now on nothing new starts there."""
        self._requested = True

    @property
    def cancel_called(self) -> bool:
        """Whether this scope, or one around it, was cancelled."""
        return self._requested or self._asked() or (self._outer is not None and self._outer.cancel_called)

    def raise_if_cancelled(self) -> None:
        """Stop here if this scope, or one around it, was cancelled.

        Raises:
            asyncio.CancelledError: it was.
        """
        if self.cancel_called:
            raise asyncio.CancelledError


class CancelledAndUndone(asyncio.CancelledError):
    """The work was cancelled, and it has undone itself what it had done."""
