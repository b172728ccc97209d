"""Snapshots of runs, as a worker and a server would tell them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from interpreter.temporal.client.run_handle import PendingActivity, RunSnapshot

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def step(path: str, state: str, *, took: float | None = None, **more: Any) -> dict[str, Any]:
    times = {} if took is None else {"ended_at": (START + timedelta(seconds=took)).isoformat()}
    return {
        "step": path, "line": 7, "kind": "activity", "activity": path.rpartition(".")[2], "state": state,
        "attempts": None, "started_at": START.isoformat(), "ended_at": None, "error": None, **times, **more,
    }  # fmt: skip


def make_snapshot(
    *steps: dict[str, Any], pending: tuple[PendingActivity, ...] = (), **snapshot: Any
) -> RunSnapshot:
    return RunSnapshot(
        workflow_id="trip-1",
        run_id="r1",
        status="running",
        task_queue="stepfile",
        started_at=START,
        ended_at=START + timedelta(seconds=2.5),
        definition={"name": "trip", "version": None, "hash": "abc"},
        undone={},
        pending=pending,
        progress={"steps": list(steps), "compensations": [], "error": None, **snapshot},
        silence=None,
        taken_at=START,
    )


def make_compensation(path: str, status: str, error: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"step": path, "status": status, "error": error}


ERROR = {"type": "CardDeclined", "message": "no\nmoney", "step": "charge", "attempts": 3}
