"""Run a definition on the fake until its letters are written, and then run what a letter says of its redrive."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dsl.json_schema.inputs import check_input
from interpreter.failure.failure import StepFailed
from interpreter.program.compiled import compile_program
from interpreter.state.only_step import OnlyStep
from interpreter.state.run import Run
from interpreter.state.status import take_snapshot
from tests.support.fake_effects import FakeEffects
from tests.support.script import Script
from tests.support.virtual_time import run_in_virtual_time
from tests.support.whole_run import WholeRun

HEAD = """
dsl: "1"
name: redriven
defaults: {timeouts: {start_to_close: 9s}, retry: {initial_interval: 1s, maximum_attempts: 1}}
dead_letter_queues: {kept: {}}
"""


@dataclass
class Ended:
    """A run that is over."""

    run: Run
    effects: FakeEffects
    script: Script
    result: Any = None
    error: Mapping[str, Any] | None = None

    @property
    def records(self) -> list[Any]:
        """The records in the built-in queue, as they are sent."""
        return json.loads(json.dumps([each for letter in self.effects.letters.values() for each in letter]))  # type: ignore[no-any-return]

    @property
    def made(self) -> list[tuple[str, str]]:
        """The activity of each call, and its idempotency key."""
        return [(call.name, call.key) for call in self.effects.calls]

    def get_arguments(self, activity: str) -> list[list[Any]]:
        """The arguments of each call of an activity."""
        calls = zip(self.script.calls, self.script.arguments, strict=True)
        return [args for name, args in calls if name == activity]

    @property
    def status(self) -> dict[str, Any]:
        """What people see of the run."""
        return take_snapshot(self.run)


def run_source(
    text: str, behaviours: Mapping[str, list[dict[str, Any]]], data: Any = None, **world: Any
) -> Ended:
    """Run a definition to its end.

    Args:
        text: The definition, without its head.
        behaviours: What its activities do, see `Script`.
        data: Its input.
        world: Attributes of the fake.
    """
    return _run(text, behaviours, data, {"workflow_id": "wf", **world}, None)


def redrive(
    text: str,
    record: Mapping[str, Any],
    behaviours: Mapping[str, list[dict[str, Any]]],
    patch: Mapping[str, Any] | None = None,
    **world: Any,
) -> Ended:
    """Run what a record says of its redrive.

    Args:
        text: The definition, without its head.
        record: The record of a letter.
        behaviours: What the activities do now.
        patch: Keys of `only` that are replaced, and the input.
        world: Attributes of the fake.
    """
    told = record["redrive"]
    only = {**told["request"]["only"], **(patch or {})}
    data = only.pop("input", told["input"])
    sent = json.loads(json.dumps(only, sort_keys=True))
    return _run(text, behaviours, data, {"workflow_id": "redrive", **world}, OnlyStep.from_json(sent))


def _run(
    text: str,
    behaviours: Mapping[str, list[dict[str, Any]]],
    data: Any,
    world: Mapping[str, Any],
    only: OnlyStep | None,
) -> Ended:
    program = compile_program(HEAD + text)
    if only is None:
        data, problems = check_input(program.definition.input, data)
        assert not problems
    script = Script(behaviours)
    effects = FakeEffects(script.activities(), **world)
    ended = Ended(Run(program, effects, data, only=only), effects, script)

    async def to_its_end() -> None:
        whole = WholeRun(ended.run)
        try:
            ended.result = await whole.execute()
        except StepFailed as failed:
            ended.error = failed.failure.to_json()
        ended.run = whole.run
        await asyncio.sleep(0)

    run_in_virtual_time(to_its_end())
    return ended
