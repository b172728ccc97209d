"""A run on the fake goes from its start to its end, however often it continues as new."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from dsl.expressions import JsonValue
from interpreter.lifecycle import execute
from interpreter.snapshot import restore_state
from interpreter.state.continue_as_new import ContinueAsNew
from interpreter.state.run import Run


@runtime_checkable
class NumberedRuns(Protocol):
    """A world with `NumberedRuns` knows which of the runs of a workflow is running."""

    runs: int
    current: dict[str, Run]
    """Workflow id → the run that is running."""


@dataclass
class WholeRun:
    """A `WholeRun` is a chain of runs, each of which continues the one before as new."""

    run: Run
    """The run that is running, or at the end the last one."""
    runs: int = 1
    """How many runs there have been."""
    left: list[asyncio.Future[Any]] = field(default_factory=list)
    """The suspended tasks of the runs before, which are never resumed, and must not be garbage-collected."""

    async def execute(self) -> JsonValue:
        """Execute all runs, and return the result of the last one."""
        while True:
            self._world.current[self.run.effects.workflow_id] = self.run
            try:
                return await execute(self.run)
            except ContinueAsNew as again:
                self.left.append(again.suspended)
                # maps lose their order, as they do in temporalio
                self._next(json.loads(json.dumps(again.state, sort_keys=True)))

    def _next(self, state: dict[str, object]) -> None:
        run = self.run
        self._world.runs += 1  # no task of the old run is ever resumed
        self.runs += 1
        self.run = Run(
            run.program,
            run.effects,
            run.data,
            run.limits,
            predecessor=run.predecessor,
            repeatable=run.repeatable,
            only=run.only,
        )
        restore_state(self.run, state)

    @property
    def _world(self) -> NumberedRuns:
        effects = self.run.effects
        assert isinstance(effects, NumberedRuns)
        return effects
