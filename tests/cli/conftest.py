"""The tests use a small project with activities that wait, fail or refuse, and a definition that calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

ACTIVITIES = '''
import asyncio
from pathlib import Path

from temporalio import activity
from temporalio.exceptions import ApplicationError


@activity.defn
async def reserve(item: str) -> str:
    print("reserving", item)
    return f"reserved {item}"


@activity.defn
async def release(reservation: str) -> None:
    pass


@activity.defn
async def wait_for_file(path: str) -> str:
    """Wait until the file is there."""
    while not Path(path).exists():
        activity.heartbeat()
        await asyncio.sleep(0.05)
    return "there"


@activity.defn
async def charge(card: str) -> str:
    if activity.info().attempt < 2:
        raise ConnectionError("no answer")
    if card == "empty":
        raise ApplicationError("insufficient funds", type="CardDeclined", non_retryable=True)
    return f"charged {card}"
'''

ORDER = """\
dsl: "1"
name: order
version: "2.1.0"
input:
  type: object
  required: [item, card]
  additionalProperties: false
  properties:
    item: {type: string}
    card: {type: string}
    gate: {type: string, default: /}
defaults:
  timeouts: {start_to_close: 60s, heartbeat: 1s}
  retry: {initial_interval: 1s, maximum_attempts: 3}
steps:
  - id: reserve
    activity: reserve
    args: ["${ input.item }"]
    compensate: {activity: release, args: ["${ result ?? step.key }"]}
  - id: gate
    activity: wait_for_file
    args: ["${ input.gate }"]
  - id: charge
    activity: charge
    args: ["${ input.card }"]
output: {reservation: "${ steps.reserve.result }", charge: "${ steps.charge.result }"}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Make the folder of a project with the definition `order.yaml`."""
    (tmp_path / "shop_activities.py").write_text(ACTIVITIES)
    (tmp_path / "pyproject.toml").write_text('[tool.stepfile]\nactivities = ["shop_activities"]\n')
    (tmp_path / "order.yaml").write_text(ORDER)
    return tmp_path
