"""When a run waits for a message, the user is shown the command that sends it."""

from __future__ import annotations

import shlex

from dsl.model import Definition
from interpreter.cli.display.output import print_notice
from interpreter.cli.display.payload_fields import format_fields
from interpreter.cli.display.step_views import StepView


class SendHints:
    """`SendHints` shows, once for each step, the commands that send what the step waits for."""

    def __init__(self, workflow_id: str, definition: Definition, address: str | None) -> None:
        """Prepare the hints for one run.

        Args:
            workflow_id: The id of the run.
            definition: The definition of the run, which declares the messages.
            address: The address of the server, if only this command knows it.
        """
        self._workflow_id = workflow_id
        self._definition = definition
        self._address = f" --address {address}" if address else ""
        self._shown: set[str] = set()

    def show(self, steps: list[StepView]) -> None:
        """Show the hints for the steps that wait for a message and have not been shown yet."""
        for step in steps:
            if step.awaits and step.step not in self._shown:
                self._shown.add(step.step)
                for name in step.awaits:
                    print_notice(f"to send {name}: {self._format_command(name)}")

    def _format_command(self, name: str) -> str:
        kind, declared = "signal", self._definition.signals.get(name)
        schema = declared.schema_ if declared else None
        if name in self._definition.updates:
            kind, schema = "update", self._definition.updates[name].schema_
        payload = "" if schema is None else f" {format_fields(schema)}"
        return f"stepfile {kind} {shlex.quote(self._workflow_id)} {name}{payload}{self._address}"
