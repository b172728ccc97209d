"""Recorded histories of runs that write search attributes replay with the code of today."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from stepfile import StepfilePlugin
from tests.replay.record_indexed import INDEXED_HISTORIES, RUNS

FILES = [INDEXED_HISTORIES / f"{run.id}.json" for run in RUNS]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_history_replays(file: Path) -> None:
    await _replay(json.loads(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_its_twin_without_the_attributes_does_not(file: Path) -> None:
    """What the namespace has is known to the request alone: another request makes another run."""
    history = json.loads(file.read_text(encoding="utf-8"))
    started = history["events"][0]["workflowExecutionStartedEventAttributes"]
    request = started["input"]["payloads"][1]
    data = json.loads(_decode(request["data"]))
    del data["search_attributes"]
    request["data"] = _encode(json.dumps(data))
    with pytest.raises(NondeterminismError):
        await _replay(history)


def _decode(text: str) -> bytes:
    return base64.b64decode(text)


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def _replay(history: dict[str, Any]) -> None:
    started = history["events"][0]["workflowExecutionStartedEventAttributes"]
    replayer = Replayer(workflows=[], plugins=[StepfilePlugin()])
    await replayer.replay_workflow(WorkflowHistory.from_json(started["workflowId"], json.dumps(history)))
