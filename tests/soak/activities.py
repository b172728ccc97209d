"""Activities that move money, in one of the ways that the definition allows.

Which way is drawn from the key, so that it is the same in every attempt and with the same seed. What they say of
themselves is true, except where the definition has `after: attempted`: who fails with an error of its own has moved
nothing, in no attempt.
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
"""The variable that names the ledger's file."""


@activity.defn
async def move(key: str, amount: int, ways: Sequence[str]) -> str:
    """Move money to the run's account.

    The ways: `well`; `slowly`; `flaky` (fails before it moves anything, once or twice); `declined` and `broken`
    (never moves anything; finally, or again and again); `hangs` (has moved it, and does not answer the first time);
    `deaf` (never answers); `late` (moves it when its time is over); and for `after: attempted` only `lost` (has moved
    it, and says that it failed) and `regrets` (the same, finally).
    """
    call, ledger = _begin(key)
    way = _drawn(key, ways)
    if way == "declined":
        raise ApplicationError("no", type="Declined", non_retryable=True)
    if way == "broken" or (way == "flaky" and call.attempt <= 1 + _number(key, 2)):
        raise ConnectionError("no answer")
    if way == "late":
        await asyncio.sleep(_time_to_close() + 1 + _number(key, 10) / 10)
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
    """Undo a `move`. The ways: as there; `flaky` fails before it moves, `lost` and `hangs` after it has."""
    call, ledger = _begin(key)
    way = _drawn(f"undo {key}", ways)
    if way == "flaky" and call.attempt <= 1 + _number(key, 3):
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
    """What undoes a step in the name of the block around it."""
    await move_back(key, receipt, ways)


def _begin(key: str) -> tuple[Call, Ledger]:
    info = activity.info()
    call, ledger = Call(key, info.activity_type, info.attempt), Ledger(Path(os.environ[LEDGER]))
    ledger.begin(call)
    return call, ledger


async def _take_time(key: str, way: str) -> None:
    """Before and after the ledger is written, so that a killed worker leaves both."""
    beats = 1 + _number(key, 8) if way == "slowly" else 1
    for _ in range(beats):
        if activity.info().heartbeat_timeout:
            activity.heartbeat()
        await asyncio.sleep(0.05 + _number(key, 10) / 100)


def _time_to_close() -> float:
    limit = activity.info().start_to_close_timeout
    return limit.total_seconds() if limit else 0.0


def _drawn(key: str, ways: Sequence[str]) -> str:
    return ways[_number(f"way {key}", len(ways))]


def _number(key: str, below: int) -> int:
    return int.from_bytes(sha256(key.encode()).digest()[:8]) % below
