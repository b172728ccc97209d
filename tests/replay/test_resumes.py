"""Recorded histories of runs that were resumed: twins of those that `test_replay` replays."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from temporalio.workflow import NondeterminismError

from tests.replay.record_resumes import FILES, RESUMED_HISTORIES
from tests.replay.test_replay import UNSANDBOXED, replay

SAGA, EARLIER, TWICE = FILES


def test_no_history_is_left_over() -> None:
    assert set(FILES) == set(RESUMED_HISTORIES.glob("*.json"))


@pytest.mark.parametrize(
    ("file", "change"),
    [
        (SAGA, lambda state: state["steps"].pop("c")),
        (SAGA, lambda state: state.pop("letters")),
        (EARLIER, lambda state: state["steps"].pop("c")),
        (TWICE, lambda state: state["steps"].pop("first")),
    ],
    ids=["a step was not kept", "nothing is known of its letter", "an earlier release", "twice"],
)
async def test_its_twin_with_another_state_does_not(file: Path, change: Callable[[Any], Any]) -> None:
    """What the run goes on from stands in its request, and decides what it does."""
    history = json.loads(file.read_text(encoding="utf-8"))
    request = history["events"][0]["workflowExecutionStartedEventAttributes"]["input"]["payloads"][1]
    data = json.loads(base64.b64decode(request["data"]))
    change(data["state"])
    request["data"] = base64.b64encode(json.dumps(data).encode()).decode()
    with pytest.raises(NondeterminismError):
        await replay(file.stem, json.dumps(history), UNSANDBOXED)
