"""What `stepfile compensation list` shows, with and without a worker that answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from interpreter.cli.display.compensations import CompensationOverview, describe_order
from interpreter.state.compensation_orders import OrderKind
from interpreter.temporal.client.run_handle import PendingActivity, RunSnapshot

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
HANGS = PendingActivity(
    "hotel.compensate", "unbook", 8, "NoAnswer: closed", "q", due_at=NOW + timedelta(seconds=80)
)


def overview(progress: dict[str, Any] | None = None, **known: Any) -> CompensationOverview:
    """Look at a run of which this is known."""
    about: dict[str, Any] = {
        "workflow_id": "trip 17",
        "run_id": "r",
        "status": "running",
        "task_queue": "q",
        "started_at": NOW,
        "ended_at": None,
        "definition": {},
        "undone": {},
        "pending": (),
        "silence": None if progress else "no worker answers",
        "taken_at": NOW,
    }
    return CompensationOverview(RunSnapshot(progress=progress, **{**about, **known}))


def step(path: str, state: str, started_at: str | None = None, **more: Any) -> dict[str, Any]:
    times = {"started_at": started_at, "ended_at": None}
    return {"step": path, "line": 1, "state": state, "attempts": None, **times, "error": None, **more}


def test_without_a_worker_what_has_begun_is_known() -> None:
    undone = {"pay": "undone", "hotel": "undoing", "seat": "not_undone"}
    lines = list(overview(undone=undone, pending=(HANGS,)).format_lines())
    assert [line.split("  ")[0].strip() for line in lines[:3]] == ["hotel", "pay", "seat"]
    assert "undoing     (attempt 8, next attempt in 1 min 20 s: NoAnswer: closed)" in lines[0]
    assert lines[3] == "no worker answers"
    assert "the undoing of hotel has failed 7 times" in lines[4]
    assert "stepfile compensation skip 'trip 17' hotel --reason WHY" in lines[6]


def test_with_a_worker_those_are_known_that_wait_for_their_turn_and_who_has_ordered_what() -> None:
    orders = [{"order": "retry", "by": "ann@desk", "reason": "it is up", "at": ""}]
    compensation = step("hotel.compensate", "running", "2026-01-01T11:50:00Z", orders=orders)
    progress = {
        "steps": [step("car", "completed"), step("hotel", "completed", compensation=compensation)],
        "compensations": [{"step": "all[0]/seat", "status": "failed", "error": None}],
        "to_undo": {"count": 12, "steps": ["hotel", "car"]},
    }
    shown = overview(progress, pending=(HANGS,))
    lines = [line.split() for line in shown.format_lines()]
    assert [line[:2] for line in lines[:3]] == [
        ["hotel", "undoing"],
        ["all[0]/seat", "not"],
        ["car", "waiting"],
    ]
    assert lines[3] == ["and", "10", "more", "that", "are", "not", "undone", "yet"]
    first = shown.build_records()[0]
    assert first == {
        "step": "hotel",
        "state": "undoing",
        "attempt": 8,
        "error": "NoAnswer: closed",
        "note": "retry by ann@desk: it is up",
        "since": "2026-01-01T11:50:00.000Z",
    }


def test_a_run_that_undoes_nothing() -> None:
    progress: dict[str, Any] = {"steps": [step("car", "running")], "compensations": []}
    assert list(overview(progress).format_lines()) == ["trip 17 undoes nothing, and has undone nothing"]


@pytest.mark.parametrize(
    ("kind", "state", "said", "is_done"),
    [
        ("skip", "could not be undone", "hotel is skipped: it stays not undone", True),
        ("skip", "is undone", "hotel is undone: its compensation has succeeded before", True),
        ("skip", "waits for its turn to be undone", "hotel is skipped when its turn comes", True),
        ("retry", "is being undone", "hotel is tried again: it is being undone", True),
        ("retry", "is undone", "hotel is undone", True),
        ("retry", "could not be undone", "hotel is not tried again: somebody has skipped it", False),
        ("skip", "words of another release", "hotel words of another release", True),
    ],
)
def test_what_has_come_of_an_order(kind: OrderKind, state: str, said: str, is_done: bool) -> None:
    text, done = describe_order(kind, "hotel", state)
    assert (text.startswith(said), done) == (True, is_done), text
