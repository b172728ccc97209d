"""States that a release has written are read by this one: a run that continues as new outlives its worker."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from interpreter.program.compiled import compile_program
from interpreter.program.model import Bundle
from interpreter.snapshot import FORMAT, export_state, restore_state
from interpreter.state.run import Run
from tests.golden.record import STATES, features_of
from tests.support.fake_effects import FakeEffects
from tests.support.virtual_time import run_in_virtual_time

FILES = sorted(STATES.glob("*.json"))
each_state = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def read_golden(file: Path) -> dict[str, Any]:
    golden: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return golden


def restore(golden: dict[str, Any]) -> Run:
    """A run that goes on from a golden state."""

    async def build() -> Run:
        program = compile_program(Bundle(golden["text"], tuple(sorted(golden["files"].items()))))
        run = Run(program, FakeEffects({}), golden["input"])
        restore_state(run, copy.deepcopy(golden["state"]))
        return run

    return run_in_virtual_time(build())


@each_state
def test_a_golden_state_is_read_and_written_again(file: Path) -> None:
    """Nothing of it is lost, and nothing is written otherwise: else `FORMAT` must be a new number."""
    golden = read_golden(file)
    assert golden["state"]["format"] == FORMAT
    written = json.loads(json.dumps(export_state(restore(golden))))
    assert written == golden["state"]


@each_state
def test_its_twin_with_another_layout_is_not(file: Path) -> None:
    """A state without one of its parts can't be read: the test above would notice if this release wrote it so."""
    golden = read_golden(file)
    del golden["state"]["undos"]
    with pytest.raises(KeyError):
        restore(golden)


def test_golden_states_show_the_whole_format() -> None:
    shown = {feature for file in FILES for feature in features_of(read_golden(file)["state"])}
    kinds = {"steps", "repeat", "switch", "wait", "branches", "for_each"}
    assert {f"{kind} kind" for kind in kinds} <= shown
    assert {"for_each pages", "for_each items", "repeat next_at", "steps retry_at", "branches ended"} <= shown
    assert {"undo call", "undo inside+names", "undo failure", "call key", "call task_queue"} <= shown
    assert {"taken call", "taken inside+names"} <= shown
    assert {"step handler", "step last_error", "letters", "key_paths"} <= shown
    assert {"undo after None", "undo after completed", "undo after unknown"} <= shown
    assert {"breaker open", "breaker closed", "messages", "refused_messages", "dead_letters"} <= shown
    assert {
        "status running",
        "status failed",
        "failure",
        "compensations",
        "further_errors",
        "undone",
    } <= shown
