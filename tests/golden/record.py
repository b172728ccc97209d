"""Record golden states: states of runs as this release writes them, for the releases after it to read.

    python -m tests.golden.record

A state that was recorded once is never recorded anew: what is written must always be read. Only what no golden state
shows yet is added (see `features_of`).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dsl.json_schema.inputs import check_input
from interpreter.failure.failure import StepFailed
from interpreter.program.compiled import compile_program
from interpreter.snapshot import export_state
from interpreter.state.run import Run
from tests.support.cases import RunCase, run_cases
from tests.support.fake_effects import FakeEffects
from tests.support.fake_sending import send_on_fake
from tests.support.fake_world import read_bundle
from tests.support.script import Script
from tests.support.virtual_time import run_in_virtual_time
from tests.support.whole_run import WholeRun

STATES = Path(__file__).parent / "state"
LARGEST = 20_000
"""Characters: smaller states are as good."""


def features_of(state: Mapping[str, Any]) -> set[str]:
    """What a state shows of the format."""
    found = {f"status {state['status']}"}
    for step in state["steps"].values():
        found |= {f"step {name}" for name in step}
        if "resume" in step:
            resume = step["resume"]
            found |= {f"{resume['kind']} {name}" for name, value in resume.items() if value}
    for undo in state["undos"]:
        prepared = undo["prepared"] or {}
        found |= {f"undo {'+'.join(sorted(prepared))}", f"undo after {undo['outcome']}"}
        found |= {f"call {name}" for name in prepared.get("call", {})}
        found |= {f"taken {'+'.join(sorted(undo['taken']))}"} if undo.get("taken") else set()
    found |= {f"breaker {breaker['state']}" for breaker in state["breakers"].values()}
    found |= {name for name, value in state.items() if value and not isinstance(value, str | int)}
    return found


class _Recording(WholeRun):
    """A run that keeps each state with which it continues as new."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.states: list[dict[str, Any]] = []

    def _next(self, state: dict[str, object]) -> None:
        self.states.append(json.loads(json.dumps(state)))
        super()._next(state)


def states_of(case: RunCase) -> list[dict[str, Any]]:
    """The states with which a case continues as new, and the one that it leaves if it fails."""

    async def run() -> list[dict[str, Any]]:
        program = compile_program(read_bundle(case))
        data, _ = check_input(program.definition.input, case.input)
        script = Script({**(case.activities or {}), **case.workflows})
        effects = FakeEffects(script.activities(), force_continue_as_new=True)
        whole = _Recording(Run(program, effects, data))
        sender = asyncio.ensure_future(send_on_fake(case.send, effects, whole))
        try:
            await whole.execute()
        except StepFailed:
            whole.states.append(json.loads(json.dumps(export_state(whole.run))))
        finally:
            sender.cancel()
        return whole.states

    return run_in_virtual_time(run())


def _goldens() -> Iterator[dict[str, Any]]:
    for file in sorted(STATES.glob("*.json")):
        yield json.loads(file.read_text(encoding="utf-8"))


def main() -> None:
    """Add states that show what none shows yet."""
    shown = {feature for golden in _goldens() for feature in features_of(golden["state"])}
    for case in run_cases():
        if case.needs_demo_activities or case.cancel:
            continue
        for number, state in enumerate(states_of(case), 1):
            new = features_of(state) - shown
            if not new or len(json.dumps(state)) > LARGEST:
                continue
            shown |= new
            bundle = read_bundle(case)
            golden = {"text": bundle.text, "files": dict(bundle.files), "input": case.input, "state": state}
            name = re.sub(r"[^a-z0-9]+", "-", f"{case.id}-{number}".lower()).strip("-")
            text = json.dumps(golden, indent=1, ensure_ascii=False, sort_keys=True)
            file = _find_new_file(name)
            file.write_text(text + "\n", encoding="utf-8")
            print(f"{file.stem}: {', '.join(sorted(new))}")


def _find_new_file(name: str) -> Path:
    """Find a name that no golden state has: the same case may have left another state in an earlier release."""
    files = (STATES / f"{name}{suffix}.json" for suffix in ("", *(f"-again-{n}" for n in range(2, 100))))
    return next(file for file in files if not file.exists())


if __name__ == "__main__":
    main()
