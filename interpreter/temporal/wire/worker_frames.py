"""The frames of a worker, through which every activity is called, are left out of the stack trace of an error."""

from __future__ import annotations

from types import TracebackType


def skip_worker_frames(trace: TracebackType | None) -> TracebackType | None:
    """Skip the frames between worker and activity, which are the same for every activity.

    Each of them takes time to be written, once for the log and once for the server.
    """
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").startswith(_ON_THE_WAY):
        trace = trace.tb_next
    return trace


_ON_THE_WAY = (
    "temporalio.worker.",
    "interpreter.temporal.observing.interceptor",
    "interpreter.temporal.worker.interceptor",
    "interpreter.temporal.worker.attempt_timeout",
)
"""The modules through which an activity is called."""
