"""These activities move money, and behave in one of the ways that the definition allows.

The way is drawn from the key, so that it is the same in every attempt, and in every soak with the same seed. Where
runs are repaired, each run under a workflow id draws anew, as services are mended and break meanwhile. If an activity
fails with an error of its own, none of its attempts has moved any money, except where the definition has
`after: attempted`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from temporalio import activity
from temporalio.exceptions import ApplicationError

from tests.soak.ledger import Call, Ledger, Refused

LEDGER = "SOAK_LEDGER"
"""The environment variable that names the file of the ledger."""

DRAW_FOR_EACH_RUN = "SOAK_DRAW_FOR_EACH_RUN"
"""The environment variable that is set if the ways are drawn anew for each run."""


@activity.defn
async def move(key: str, amount: int, ways: Sequence[str]) -> str:
    """Move money to the account of the run, and return a receipt.

    The ways are:

    - `well` and `slowly` move the money.
    - `flaky` fails once or twice before it moves the money.
    - `declined` never moves the money, and fails with a non-retryable error.
    - `broken` never moves the money, and fails in each attempt.
    - `hangs` moves the money, and does not answer in that attempt.
    - `deaf` moves the money, and never answers.
    - `late` moves the money when the time of the attempt is over.

    Two more ways are for `after: attempted` only:

    - `lost` moves the money, and fails in that attempt.
    - `regrets` moves the money, and fails with a non-retryable error.
    """
    call, ledger = _begin(key)
    way = _draw_way(key, ways)
    if way == "declined":
        raise ApplicationError("no", type="Declined", non_retryable=True)
    if way == "broken" or (way == "flaky" and call.attempt <= 1 + _draw_number(key, 2)):
        raise ConnectionError("no answer")
    if way == "late":
        await asyncio.sleep(_get_start_to_close() + 1 + _draw_number(key, 10) / 10)
    await _take_time(key, way)
    try:
        receipt, moved = ledger.do(call, amount)
    except Refused as refused:
        raise ApplicationError(str(refused), type="Refused", non_retryable=True) from refused
    if way == "deaf" or (way == "hangs" and moved):
        await asyncio.sleep(3600)
    if way == "regrets":
        raise ApplicationError("done, and then not", type="Declined", non_retryable=True)
    if way == "lost" and moved:
        raise ConnectionError("the answer was lost")
    await _take_time(key, way)
    return receipt


@activity.defn
async def move_back(key: str, receipt: str | None, ways: Sequence[str]) -> None:
    """Undo a `move`.

    The ways are the same; `flaky` fails before it moves the money back; `lost` and `hangs` move it back first.
    """
    call, ledger = _begin(key)
    way = _draw_way(f"undo {key}", ways)
    if way == "flaky" and call.attempt <= 1 + _draw_number(key, 3):
        raise ConnectionError("no answer")
    await _take_time(key, way)
    moved = ledger.undo(call, receipt)
    if way == "hangs" and moved:
        await asyncio.sleep(3600)
    if way == "lost" and moved:
        raise ConnectionError("the answer was lost")
    await _take_time(key, way)


@activity.defn
async def move_all_back(key: str, receipt: str | None, ways: Sequence[str]) -> None:
    """Undo a step as a part of the compensation of the block around it."""
    await move_back(key, receipt, ways)


def _begin(key: str) -> tuple[Call, Ledger]:
    info = activity.info()
    call, ledger = Call(key, info.activity_type, info.attempt), Ledger(Path(os.environ[LEDGER]))
    ledger.begin(call)
    return call, ledger


async def _take_time(key: str, way: str) -> None:
    """Take some time before and after writing the ledger, so that a worker can be killed before and after it."""
    parts = 1 + _draw_number(key, 8) if way == "slowly" else 1
    for _ in range(parts):
        if activity.info().heartbeat_timeout:
            activity.heartbeat()
        await asyncio.sleep(0.05 + _draw_number(key, 10) / 100)


def _get_start_to_close() -> float:
    limit = activity.info().start_to_close_timeout
    return limit.total_seconds() if limit else 0.0


def _draw_way(key: str, ways: Sequence[str]) -> str:
    run = activity.info().workflow_run_id if DRAW_FOR_EACH_RUN in os.environ else ""
    return ways[_draw_number(f"way {key}{run}", len(ways))]


def _draw_number(key: str, below: int) -> int:
    return int.from_bytes(sha256(key.encode()).digest()[:8]) % below
