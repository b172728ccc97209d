"""Histories that an earlier release has recorded, before runs could do more, replay with the code of today."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from interpreter.temporal.workflow.effects import TemporalEffects
from stepfile import StepfilePlugin
from tests.replay.record import HISTORIES

FILES = sorted((HISTORIES / "earlier").glob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_history_replays(file: Path) -> None:
    await _replay(file)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_its_twin_that_may_do_more_does_not(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TemporalEffects, "may_do", lambda _self, _change: True)
    with pytest.raises(NondeterminismError):
        await _replay(file)


async def _replay(file: Path) -> None:
    replayer = Replayer(workflows=[], plugins=[StepfilePlugin()])
    await replayer.replay_workflow(WorkflowHistory.from_json(file.stem, file.read_text(encoding="utf-8")))
