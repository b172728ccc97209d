"""Demo activities: ordinary Temporal activities that can be made to fail by what they are given.

- an id with `invalid` in it: `ValueError`, as in the book;
- `flaky-N…`: fails N times, then succeeds;
- `slow-N…`: takes N seconds, with heartbeats;
- `limited-N…`: the service says "try again in N seconds", once;
- `declined…`: an error that no retry can help.
"""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError


@activity.defn
async def book_car(car_id: str) -> str:
    """Reserve a car."""
    return await _book("car", car_id)


@activity.defn
async def book_hotel(hotel_id: str) -> str:
    """Reserve a room."""
    return await _book("hotel", hotel_id)


@activity.defn
async def book_flight(flight_id: str) -> str:
    """Reserve a seat."""
    return await _book("flight", flight_id)


@activity.defn
async def undo_book_car(booking: str) -> None:
    """Give the car back. `booking` is the number of the booking, or the idempotency key if none is known."""
    activity.logger.info("car cancelled: %s", booking)


@activity.defn
async def undo_book_hotel(booking: str) -> None:
    """Give the room back."""
    activity.logger.info("hotel cancelled: %s", booking)


@activity.defn
async def undo_book_flight(booking: str) -> None:
    """Give the seat back."""
    activity.logger.info("flight cancelled: %s", booking)


@activity.defn
async def risky_operation(data: str) -> str:
    """The operation of chapter 7.1.1, which refuses invalid data."""
    if "invalid" in data:
        raise ValueError(f"Invalid data: {data}")
    await _behave(data)
    return f"processed {data}"


@activity.defn
async def call_service(request: str) -> str:
    """A call of somebody else's service."""
    await _behave(request)
    return f"answer to {request}"


@activity.defn
async def process_batch(items: int) -> int:
    """A long job that tells how far it is, and goes on from there when it is tried again."""
    done = activity.info().heartbeat_details[0] if activity.info().heartbeat_details else 0
    for item in range(done, items):
        await asyncio.sleep(0.01)
        activity.heartbeat(item + 1)
    return items


async def _book(what: str, wanted: str) -> str:
    if "invalid" in wanted:
        raise ValueError(f"Invalid {what} ID")
    await _behave(wanted)
    return f"{what}_booking_{wanted}"


async def _behave(wanted: str) -> None:
    """Do what the name asks for."""
    attempt = activity.info().attempt
    match re.match(r"(flaky|slow|limited|declined)-?(\d*)", wanted):
        case None:
            return
        case found:
            behaviour, number = found[1], int(found[2] or 1)
    if behaviour == "flaky" and attempt <= number:
        raise ConnectionError(f"no answer, attempt {attempt}")
    if behaviour == "limited" and attempt == 1:
        raise ApplicationError(
            "Rate limited", type="RateLimitError", next_retry_delay=timedelta(seconds=number)
        )
    if behaviour == "declined":
        raise ApplicationError("Declined", {"wanted": wanted}, type="DeclinedError", non_retryable=True)
    if behaviour == "slow":
        for _ in range(number * 10):
            await asyncio.sleep(0.1)
            activity.heartbeat()
