"""The types of errors after which an activity may have done its work all the same."""

from __future__ import annotations

from typing import Final

WORKER_SHUTDOWN: Final = "WorkerShutdown"
"""What temporalio reports when a worker stops in the middle of an attempt: nobody knows how far it came."""

INVALID_RESULT: Final = "InvalidResult"
"""The activity has returned, but nothing that a definition could use."""

TOO_LARGE: Final = "TooLarge"
"""Arguments or a result that the server would refuse."""

UNCERTAIN: Final = (
    *(WORKER_SHUTDOWN, INVALID_RESULT, TOO_LARGE, "Http.Network", "Http.Response", "Http.TooLarge"),
    *(f"Http.{status}" for status in (301, 302, 303, 502, 504, 520, 524)),
)
"""The outcome of a step that fails with one of them is `Outcome.UNKNOWN`."""
