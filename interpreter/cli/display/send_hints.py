"""How to send what a run waits for: who started it here and now may not know."""

from __future__ import annotations

import shlex

from dsl import Definition
from interpreter.cli.display.output import say
from interpreter.cli.display.steps import StepView


class SendHints:
    """Tells once for each step which commands send what it waits for."""

    def __init__(self, run_id: str, definition: Definition, address: str | None) -> None:
        """`address` is that of a server that only this command knows."""
        self._run_id = run_id
        self._definition = definition
        self._address = f" --address {address}" if address else ""
        self._told: set[str] = set()

    def show(self, steps: list[StepView]) -> None:
        """Look whether there are new ones."""
        for step in steps:
            if step.awaits and step.step not in self._told:
                self._told.add(step.step)
                for name in step.awaits:
                    say(f"to send it: {self._format_command(name)}")

    def _format_command(self, name: str) -> str:
        kind, declared = "signal", self._definition.signals.get(name)
        schema = declared.schema_ if declared else None
        if name in self._definition.updates:
            kind, schema = "update", self._definition.updates[name].schema_
        payload = "" if schema is None else " PAYLOAD"
        return f"stepfile {kind} {shlex.quote(self._run_id)} {name}{payload}{self._address}"
