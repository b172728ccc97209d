"""How those who listen to runs (`interpreter.events`) are joined to the workflow, which can't know them.

Interceptors of the worker offer one function under the name `EXTERN`, as temporalio lets interceptors do, and the
workflow calls it if it is there. A replayer offers none. The function is called in the thread of the workflow. It
must be quick, must not wait, and whatever it raises is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import TypeAlias

from temporalio.worker import WorkflowInterceptorClassInput

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


def add_listener(input: WorkflowInterceptorClassInput, listener: Listener) -> None:
    """Let one more hear what happens in the runs of a worker, after those that interceptors before this one have
    added.

    Args:
        input: What temporalio hands to interceptors when a worker is made.
        listener: Is told of each event.
    """
    # temporalio says `Callable` without the types of parameters and result.
    functions: MutableMapping[str, Listener] = input.unsafe_extern_functions  # pyright: ignore
    earlier = functions.get(EXTERN)

    def tell_both(run: ObservedRun, event: Event) -> None:
        assert earlier is not None
        try:
            earlier(run, event)
        finally:
            listener(run, event)

    functions[EXTERN] = listener if earlier is None else tell_both
