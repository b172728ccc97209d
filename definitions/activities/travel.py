"""These activities book the parts of a trip, and cancel the bookings."""

from __future__ import annotations

from temporalio import activity

from definitions.activities.behaviour import behave


@activity.defn
async def book_car(car_id: str) -> str:
    """Book a car, and return the number of the booking."""
    return await _book("car", car_id)


@activity.defn
async def book_hotel(hotel_id: str) -> str:
    """Book a room, and return the number of the booking."""
    return await _book("hotel", hotel_id)


@activity.defn
async def book_flight(flight_id: str) -> str:
    """Book a seat, and return the number of the booking."""
    return await _book("flight", flight_id)


@activity.defn
async def undo_book_car(booking: str) -> None:
    """Cancel a car. `booking` is the number of the booking, or the idempotency key if the number is not known."""
    activity.logger.info("car cancelled: %s", booking)


@activity.defn
async def undo_book_hotel(booking: str) -> None:
    """Cancel a room; `booking` is as for a car."""
    activity.logger.info("hotel cancelled: %s", booking)


@activity.defn
async def undo_book_flight(booking: str) -> None:
    """Cancel a seat; `booking` is as for a car."""
    activity.logger.info("flight cancelled: %s", booking)


async def _book(what: str, wanted: str) -> str:
    if "invalid" in wanted:
        raise ValueError(f"Invalid {what} ID")
    await behave(wanted)
    return f"{what}_booking_{wanted}"
