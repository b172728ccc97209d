"""Recorded histories of runs that were reset: twins of those that `test_replay` replays."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from temporalio.workflow import NondeterminismError

from interpreter.temporal.wire.undone_sums import FIND_UNDONE
from tests.replay.record_resets import RESET_HISTORIES, STORIES, reset_history_file
from tests.replay.test_replay import UNSANDBOXED, replay

FILES = [reset_history_file(name) for name in STORIES]
each_history = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
where_the_answer_matters = pytest.mark.parametrize("name", ["to-the-first-task", "behind-what-was-undone"])


def test_no_history_is_left_over() -> None:
    assert set(FILES) == set(RESET_HISTORIES.glob("*.json"))


@each_history
async def test_its_twin_that_does_not_ask_does_not(file: Path) -> None:
    data = json.loads(file.read_text(encoding="utf-8"))
    asked = _find_question(data)["activityTaskScheduledEventAttributes"]
    asked["activityType"]["name"] = asked["activityId"] = "other"
    with pytest.raises(NondeterminismError):
        await replay(file.stem, json.dumps(data), UNSANDBOXED)


@where_the_answer_matters
async def test_its_twin_with_another_answer_does_not(name: str) -> None:
    data = json.loads(reset_history_file(name).read_text(encoding="utf-8"))
    asked = _find_question(data)["eventId"]
    answered = next(
        each["activityTaskCompletedEventAttributes"]
        for each in data["events"]
        if each.get("activityTaskCompletedEventAttributes", {}).get("scheduledEventId") == asked
    )
    nothing: dict[str, Any] = {"steps": {}, "runs": []}
    answered["result"]["payloads"][0]["data"] = base64.b64encode(json.dumps(nothing).encode()).decode()
    with pytest.raises(NondeterminismError):
        await replay(name, json.dumps(data), UNSANDBOXED)


def _find_question(data: dict[str, Any]) -> dict[str, Any]:
    """Find the event with which the run asks what was undone."""
    return next(
        each
        for each in data["events"]
        if each.get("activityTaskScheduledEventAttributes", {}).get("activityType", {}).get("name")
        == FIND_UNDONE
    )
