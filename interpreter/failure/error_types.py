"""The types of errors that the machine itself knows, and those after which an activity may have done its work."""

from __future__ import annotations

from typing import Final

WORKER_SHUTDOWN: Final = "WorkerShutdown"
"""What temporalio reports when a worker stops in the middle of an attempt: nobody knows how far it came."""

INVALID_RESULT: Final = "InvalidResult"
"""The activity has returned, but nothing that a definition could use."""

TOO_LARGE: Final = "TooLarge"
"""Arguments or a result that the server would refuse."""

CANCELLED: Final = "Cancelled"
"""Why a child workflow has not completed: it was cancelled."""

UNDONE_BEFORE_RESET: Final = "UndoneBeforeReset"
"""The run was reset to a point before which it had done what was undone since."""

UNCERTAIN: Final = (
    *(WORKER_SHUTDOWN, INVALID_RESULT, TOO_LARGE, "Http.Network", "Http.Response", "Http.TooLarge"),
    *(f"Http.{status}" for status in (301, 302, 303, 502, 504, 520, 524)),
)
"""The outcome of a step that fails with one of them is `Outcome.UNKNOWN`."""
