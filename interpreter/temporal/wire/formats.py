"""The numbers of the formats that cross the wire, and what becomes of a run that is too new for a worker.

A request, and the state that continue-as-new carries in it, have a format number. A worker that meets a higher one
than it knows must not end the run: another worker, of the release that wrote it, can go on with it. So the workflow
*task* fails with a sentence, the server tries it again with growing pauses, and the run goes on once a newer worker
takes it.

The rule that keeps runs moving while workers are replaced: a release reads format n + 1 before any release writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FORMAT = 1
"""The format of requests that this release writes; the state in it has a number of its own."""

NEWEST_READABLE = 1
"""The highest format that this release reads. Where it is higher than `FORMAT`, the next release may write it."""

FIRST_READERS = {1: "0.2.0"}
"""Format → the first release of Stepfile that reads it. It travels beside the number, because an older release can't
know it."""


class WorkflowTaskRefused(Exception):
    """This worker can't go on with the run, and another one may. It fails the workflow task, never the run."""


def label_format(number: int = FORMAT) -> dict[str, Any]:
    """What says how the data beside it are to be read."""
    return {"format": number, "first_reader": FIRST_READERS[number]}


def check_format(data: Mapping[str, Any], what: str) -> None:
    """Look whether this release can read data.

    Args:
        data: A request, or a state, with its label.
        what: How to call it in the message.

    Raises:
        WorkflowTaskRefused: it was written by a newer release.
        ValueError: the label is missing, or wrong.
    """
    number = data.get("format")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ValueError(f"{what} has no format number")
    if number > NEWEST_READABLE:
        needed = data.get("first_reader")
        version = f"stepfile {needed} or newer" if isinstance(needed, str) else "a newer version of stepfile"
        raise WorkflowTaskRefused(
            f"{what} has the format {number}, and this worker reads formats up to {NEWEST_READABLE}. "
            f"The run continues as soon as a worker with {version} takes it."
        )
