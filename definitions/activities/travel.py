"""Book a trip, and give it back."""

from __future__ import annotations

from temporalio import activity

from definitions.activities.behaviour import behave


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


async def _book(what: str, wanted: str) -> str:
    if "invalid" in wanted:
        raise ValueError(f"Invalid {what} ID")
    await behave(wanted)
    return f"{what}_booking_{wanted}"
