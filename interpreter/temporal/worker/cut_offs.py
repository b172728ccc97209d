"""A worker knows how many attempts of activities its shutdown has cut off."""

from __future__ import annotations

from types import TracebackType

from temporalio import activity


class CutOffs:
    """Counts the attempts of one worker that can't end as they would have: the worker shuts down.

    Each attempt is made inside a `with` block of it, which leaves no trace in the traceback of an error.
    """

    def __init__(self) -> None:
        self._running = 0
        self._cancelled = 0

    @property
    def count(self) -> int:
        """After the shutdown: how many attempts were cancelled by it, or still run, as one in a thread may."""
        return self._cancelled + self._running

    def __enter__(self) -> None:
        self._running += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running -= 1
        details = None if error is None else activity.cancellation_details()
        if details is not None and details.worker_shutdown:
            self._cancelled += 1
