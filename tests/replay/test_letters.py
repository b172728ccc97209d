"""Recorded histories of letters replay with the code of today: a letter is kept for weeks, over many releases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from stepfile import StepfilePlugin
from tests.replay.record_letters import LETTER_HISTORIES

FILES = sorted(LETTER_HISTORIES.glob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_history_replays(file: Path) -> None:
    await _replay(json.loads(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_its_twin_with_another_child_does_not(file: Path) -> None:
    history = json.loads(file.read_text(encoding="utf-8"))
    name = "startChildWorkflowExecutionInitiatedEventAttributes"
    next(event for event in history["events"] if name in event)[name]["workflowId"] = "another"
    with pytest.raises(NondeterminismError):
        await _replay(history)


def test_there_are_histories() -> None:
    assert len(FILES) == 3


async def _replay(history: dict[str, Any]) -> None:
    started = history["events"][0]["workflowExecutionStartedEventAttributes"]
    replayer = Replayer(workflows=[], plugins=[StepfilePlugin()])
    await replayer.replay_workflow(WorkflowHistory.from_json(started["workflowId"], json.dumps(history)))
