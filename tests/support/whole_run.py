"""A run on the fake from its start to its end, however often it continues as new."""

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
    """A world that knows which of a workflow's runs is going on."""

    runs: int


@dataclass
class WholeRun:
    """`run` is the one that goes on, at last the one that has ended."""

    run: Run
    runs: int = 1
    left: list[asyncio.Future[Any]] = field(default_factory=list)
    """What rests for ever, and must not be cleaned up before the end."""

    async def execute(self) -> JsonValue:
        while True:
            try:
                return await execute(self.run)
            except ContinueAsNew as again:
                self.left.append(again.suspended)
                # maps lose their order, as by temporalio
                self._next(json.loads(json.dumps(again.state, sort_keys=True)))

    def _next(self, state: dict[str, object]) -> None:
        run, effects = self.run, self.run.effects
        assert isinstance(effects, NumberedRuns)
        effects.runs += 1  # nothing of the old run ever wakes again
        self.runs += 1
        self.run = Run(run.program, effects, run.data, run.limits, repeatable=run.repeatable)
        restore_state(self.run, state)
