"""Failures that say nothing themselves: the reason stands in their causes only."""

from __future__ import annotations

from collections.abc import Iterable

CUT_BY_SERVER = "Failure exceeds size limit."
"""The server says this of an attempt that it will repeat, where the failure is too large to be kept. What it keeps of
the failure is the cause."""

NOT_DECODED = "Failed decoding arguments"
"""temporalio says this before any code of an activity or of ours has run."""


def add_reason(message: str, causes: Iterable[str]) -> str:
    """Add the reason to the message of a failure that does not say it.

    Args:
        message: The message of the failure.
        causes: The messages of its causes, the nearest one first.
    """
    return ": ".join((message, *causes)) if message == NOT_DECODED else message
