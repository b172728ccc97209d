"""How those who listen to runs (`interpreter.events`) are joined to the workflow, which can't know them.

An interceptor of the worker offers one function under the name `EXTERN`, as temporalio lets interceptors do, and the
workflow calls it if it is there. A replayer offers none. The function is called in the thread of the workflow. It
must be quick, must not wait, and whatever it raises is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from interpreter.events import Event

EXTERN = "stepfile_observe"
"""The name of the function among the extern functions of a workflow."""


@dataclass(frozen=True, slots=True)
class ObservedRun:
    """Which run an event is about."""

    definition: str
    """The name of the definition."""
    version: str | None
    """None if it has none, or if the run was refused before that was known."""
    workflow_id: str
    run_id: str


Listener: TypeAlias = Callable[[ObservedRun, Event], None]
