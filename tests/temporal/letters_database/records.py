"""Records of failures of several orders, and what people order about them."""

from __future__ import annotations

import uuid
from typing import Any

from interpreter.letters.orders import Command, Order
from tests.interpreter.letters.records import build_record, build_start


def record_of(order: int = 1, *, failure: int = 0, **more: Any) -> dict[str, Any]:
    """The record of a failure of an order; each order is an effect of its own."""
    workflow_id = f"order-{order}"
    return build_record(failure, workflow_id=workflow_id, **{"key": f"{workflow_id}/charge", **more})


def build_order(command: Command, revision: int, *, despite_poison: bool = False) -> Order:
    """An order to the letter of such a record."""
    start = build_start() if command is Command.REDRIVE else None
    return Order(uuid.uuid4().hex, command, "ann", "because", start, revision, despite_poison)
