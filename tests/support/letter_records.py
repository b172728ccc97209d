"""Records of dead letters, as a run writes them."""

from __future__ import annotations

from typing import Any

from interpreter.letters.orders import Command, Order, RedriveMode, RedriveStart


def build_record(number: int = 1, *, run: str = "run-1", failed_at: str = "2026-01-02T03:04:05Z") -> dict[str, Any]:
    """Build the record of the step `charge` of one order.

    Args:
        number: Which order: each is an effect of its own.
        run: The run id.
        failed_at: When it has failed. Run and time together name a failure.
    """
    workflow_id = f"order-{number}"
    return {
        "key": f"{workflow_id}/charge",
        "queue": "orders",
        "definition": {"name": "order", "version": "1.0.0", "digest": "d"},
        "workflow_id": workflow_id,
        "run_id": run,
        "step": "charge",
        "iteration": None,
        "idempotency_key": f"{workflow_id}/charge",
        "activity": "charge_card",
        "input": ["visa", number],
        "error": {"type": "CardDeclined", "message": "no"},
        "attempts": 3,
        "started_at": failed_at,
        "failed_at": failed_at,
        "outcome": "failed",
        "compensated": "none",
        "redrive_count": 0,
        "max_redrives": 2,
    }


def build_order(
    command: Command, revision: int = 1, *, order_id: str = "o1", mode: RedriveMode = RedriveMode.STEP
) -> Order:
    """Build an order to the letter of such a record."""
    start = RedriveStart(mode, "stepfile:order", "queue", ({}, {}), {}) if command is Command.REDRIVE else None
    return Order(order_id, command, "me@here", "it was mended", start, revision)
