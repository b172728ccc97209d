"""Measure how long the core takes for a step if every activity answers at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.generated import generate_definition
from dsl.expressions import JsonValue
from interpreter.effects import (
    ActivityCall,
    ActivityResult,
    ChildCall,
    LetterAddress,
    LetterCall,
    LetterNews,
    ResetReport,
    SignalCall,
    UndoneRecord,
)
from interpreter.events import Event
from interpreter.lifecycle import execute
from interpreter.program.compiled import compile_program
from interpreter.state.run import Run

STEPS = 1_000
INPUT = {"order_id": "order-4711", "customer": {"id": "c1", "email": "ada@example.com"}}


@dataclass(frozen=True, slots=True)
class InstantEffects:
    """`InstantEffects` implements `interpreter.effects.Effects` at next to no cost.

    An activity returns its first argument.
    """

    workflow_id: str = "run-1"
    run_id: str = "run-1-1"
    moment: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    is_observed: bool = False
    is_reset: bool = False
    has_parent: bool = False

    def now(self) -> datetime:
        return self.moment

    def random(self) -> float:
        return 0.0

    def cancel_requested(self) -> bool:
        return False

    def record_letter(self, queue: str) -> None: ...
    def on_reset(self, told: Callable[[ResetReport], None]) -> None: ...

    async def settle_reset(self) -> None: ...

    def record_undone(self, records: Mapping[str, UndoneRecord]) -> None: ...

    async def write_letter(self, call: LetterCall) -> None: ...

    async def tell_letters(
        self, letters: Sequence[LetterAddress], news: LetterNews, message: Mapping[str, Any]
    ) -> None: ...

    def fits(self, value: JsonValue) -> bool:
        return True

    def may_do(self, change: str) -> bool:
        return True

    @property
    def repaired_by(self) -> str | None:
        return None

    def describe_start(self) -> Mapping[str, Any]:
        return {}

    def check_result(self, result: object) -> None: ...

    def check_state(self, state: Mapping[str, Any]) -> None: ...

    def show(self, details: str) -> None: ...

    def observe(self, event: Event) -> None: ...

    def can_continue_as_new(self) -> bool:
        return True

    def continue_as_new_suggested(self) -> bool:
        return False

    def continue_as_new_urgent(self) -> bool:
        return False

    def history_is_full(self) -> str | None:
        return None

    async def signal(self, call: SignalCall) -> None: ...

    async def sleep(self, duration: timedelta, summary: str | None = None) -> None: ...

    async def call_activity(self, call: ActivityCall) -> ActivityResult:
        return ActivityResult(call.args[0], 1)

    async def call_child(self, call: ChildCall) -> JsonValue:
        return call.args[0]


def measure_core(repeats: int, steps: int = STEPS) -> list[float]:
    """Measure a run of many activities several times, and return the microseconds of CPU time per step.

    CPU time does not include the time of other processes.
    """
    program = compile_program(generate_definition(steps))
    return [_measure_run(Run(program, InstantEffects(), INPUT), steps) for _ in range(repeats)]


def _measure_run(run: Run, steps: int) -> float:
    begin = time.process_time()
    result = asyncio.run(execute(run))
    seconds = time.process_time() - begin
    assert isinstance(result, dict)
    assert result["amount"] == steps + 1, result
    return seconds / steps * 1e6
