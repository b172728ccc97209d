"""Demo activities: ordinary Temporal activities that can be made to fail by what they are given.

- an id with `invalid` in it: `ValueError`, as in the book;
- `flaky-N…`: fails N times, then succeeds;
- `slow-N…`: takes N seconds, with heartbeats;
- `limited-N…`: the service says "try again in N seconds", once;
- `raises-TYPE`: an error of that type, each time; whether it is tried again, the definition says;
- `declined…`: an error that no retry can help, whatever the definition says.
"""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from interpreter.activity import last_heartbeat


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
async def process_batch(items: int, breaks_at: int = 0) -> int:
    """A long job that tells how far it is, and goes on from there when it is tried again.

    `breaks_at`: before this item the first attempt breaks off.
    """
    for item in range(last_heartbeat(0), items):
        if item + 1 == breaks_at and activity.info().attempt == 1:
            raise ConnectionError(f"lost at item {breaks_at}")
        await asyncio.sleep(0.01)
        activity.heartbeat(item + 1)
    return items


@activity.defn
async def reserve_stock(sku: str) -> str:
    """Put goods aside."""
    await _behave(sku)
    return f"stock_{sku}"


@activity.defn
async def release_stock(reservation: str) -> None:
    """Put goods back. `reservation` is its number, or the idempotency key if none is known."""
    activity.logger.info("stock released: %s", reservation)


@activity.defn
async def charge_card(card: str, amount: float) -> str:
    """Take money from a card."""
    await _behave(card)
    return f"payment_{card}_{amount:g}"


@activity.defn
async def refund_card(payment: str) -> None:
    """Give the money back. `payment` is its number, or the idempotency key if none is known."""
    activity.logger.info("refunded: %s", payment)


@activity.defn
async def ship_order(address: str) -> str:
    """Hand the goods over to a carrier."""
    await _behave(address)
    return f"tracking_{address}"


@activity.defn
async def recall_parcel(parcel: str) -> None:
    """Have a parcel brought back."""
    activity.logger.info("recalled: %s", parcel)


@activity.defn
async def notify_customer(message: str) -> None:
    """Write to the customer."""
    activity.logger.info("to the customer: %s", message)


@activity.defn
async def clean_up(what: str) -> None:
    """Remove what an operation has left behind; there may be nothing."""
    activity.logger.info("cleaned up after %s", what)


@activity.defn
async def write_to_dlq(record: dict[str, Any]) -> None:
    """Keep a dead letter. A real one inserts it, and does nothing if there is one of that key."""
    activity.logger.error("dead letter %s: %s", record["key"], record["error"]["message"])


async def _book(what: str, wanted: str) -> str:
    if "invalid" in wanted:
        raise ValueError(f"Invalid {what} ID")
    await _behave(wanted)
    return f"{what}_booking_{wanted}"


async def _behave(wanted: str) -> None:
    """Do what the name asks for."""
    attempt = activity.info().attempt
    match re.match(r"(flaky|slow|limited|raises|declined)-?(\d*)([\w.]*)", wanted):
        case None:
            return
        case found:
            behaviour, number, kind = found[1], int(found[2] or 1), found[3]
    if behaviour == "flaky" and attempt <= number:
        raise ConnectionError(f"no answer, attempt {attempt}")
    if behaviour == "limited" and attempt == 1:
        raise ApplicationError(
            "Rate limited", type="RateLimitError", next_retry_delay=timedelta(seconds=number)
        )
    if behaviour == "raises":
        raise ApplicationError(f"{wanted}, attempt {attempt}", {"wanted": wanted}, type=kind)
    if behaviour == "declined":
        raise ApplicationError(
            "Declined", {"wanted": wanted}, type="DeclinedError", non_retryable=True
        ) from PermissionError("not allowed")
    if behaviour == "slow":
        for _ in range(number * 10):
            await asyncio.sleep(0.1)
            activity.heartbeat()
