"""What happens in one run reaches those who listen, once: a replay tells nothing again.

An event is told when it happens, before the workflow task that it belongs to has been accepted by the server. If the
task fails, or its worker is lost meanwhile, the server has the task done again, and its events are told again, too.
Temporal's own replay-safe log does the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from temporalio import workflow

from interpreter.events import Event
from interpreter.temporal.wire.listening import EXTERN, Listener, ObservedRun
from interpreter.temporal.wire.names import TYPE_PREFIX


class Observation:
    """Tells the listeners of the worker what happens in one run."""

    def __init__(self, definition: str | None = None, version: str | None = None) -> None:
        """
        Args:
            definition: Its name; if that is not known, the workflow type tells it.
            version: The version of the definition.
        """
        info = workflow.info()
        # temporalio says `Callable` without the types of parameters and result.
        functions: Mapping[str, Listener] = workflow.extern_functions()  # pyright: ignore
        self._listener = functions.get(EXTERN)
        name = definition or info.workflow_type.removeprefix(TYPE_PREFIX)
        self._run = ObservedRun(name, version, info.workflow_id, info.run_id)

    @property
    def is_active(self) -> bool:
        """Whether an event of now would be heard."""
        return self._listener is not None and not workflow.unsafe.is_replaying()

    def tell(self, event: Event) -> None:
        """Tell what has happened."""
        if self._listener is not None and not workflow.unsafe.is_replaying():
            with suppress(Exception):  # a log or a meter that fails must not end the run
                self._listener(self._run, event)
