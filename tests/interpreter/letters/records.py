"""Records of dead letters, written by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from dsl.scalars.time import format_time
from interpreter.letters.orders import RedriveMode, RedriveStart

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def build_record(number: int = 0, *, workflow_id: str = "order-1", **more: Any) -> dict[str, Any]:
    """A record of the failure with this number."""
    return {
        "key": "order-1/charge",
        "queue": "orders",
        "definition": {"name": "order", "version": "1", "digest": "d"},
        "workflow_id": workflow_id,
        "run_id": f"run-{number}",
        "step": "charge",
        "iteration": None,
        "idempotency_key": "order-1/charge",
        "activity": "charge",
        "input": {"args": [{"amount": number}]},
        "error": {"type": "Declined", "message": f"no money {number}"},
        "attempts": 3,
        "started_at": format_time(BEGAN),
        "failed_at": format_time(BEGAN + timedelta(seconds=number)),
        "outcome": "failed",
        "compensated": "none",
        "redrive_count": 0,
        "max_redrives": 3,
        **more,
    }


def build_start(mode: RedriveMode = RedriveMode.STEP) -> RedriveStart:
    """What starts a redrive."""
    whole = "order-1" if mode is RedriveMode.RUN else None
    return RedriveStart(
        mode, "stepfile:order", "orders", ({"amount": 1}, {"format": 1}), {"name": "order"}, whole
    )
