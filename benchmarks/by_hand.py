"""The definition trip-booking.yaml is measured against this saga of chapter 7.5.1, which is written by hand.

The code of the workflow is that of the book. Only the activities are others: they are the demo activities that the
definition calls. As in the book, the sandbox loads them again for each run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy

from definitions.activities import (
    book_car,
    book_flight,
    book_hotel,
    undo_book_car,
    undo_book_flight,
    undo_book_hotel,
)


@dataclass
class BookingRequest:
    """A `BookingRequest` says what to book."""

    user_id: str
    car_id: str
    hotel_id: str
    flight_id: str


@dataclass
class BookingResult:
    """A `BookingResult` says what was booked, or why nothing was."""

    success: bool
    car_booking: str | None = None
    hotel_booking: str | None = None
    flight_booking: str | None = None
    error: str | None = None


@workflow.defn
class TripBookingSaga:
    """The workflow books a car, a hotel and a flight, or nothing at all."""

    @workflow.run
    async def run(self, request: BookingRequest) -> BookingResult:
        compensations: list[tuple[Callable[..., Any], str]] = []
        result = BookingResult(success=False)

        try:
            workflow.logger.info("Step 1: Booking car...")
            result.car_booking = await workflow.execute_activity(
                book_car,
                args=[request.car_id],
                start_to_close_timeout=timedelta(seconds=30),
                retry_policy=RetryPolicy(maximum_attempts=3),
            )
            compensations.append((undo_book_car, result.car_booking))
            workflow.logger.info(f"✓ Car booked: {result.car_booking}")

            workflow.logger.info("Step 2: Booking hotel...")
            result.hotel_booking = await workflow.execute_activity(
                book_hotel,
                args=[request.hotel_id],
                start_to_close_timeout=timedelta(seconds=30),
                retry_policy=RetryPolicy(maximum_attempts=3, non_retryable_error_types=["ValueError"]),
            )
            compensations.append((undo_book_hotel, result.hotel_booking))
            workflow.logger.info(f"✓ Hotel booked: {result.hotel_booking}")

            workflow.logger.info("Step 3: Booking flight...")
            result.flight_booking = await workflow.execute_activity(
                book_flight,
                args=[request.flight_id],
                start_to_close_timeout=timedelta(seconds=30),
                retry_policy=RetryPolicy(maximum_attempts=3),
            )
            compensations.append((undo_book_flight, result.flight_booking))
            workflow.logger.info(f"✓ Flight booked: {result.flight_booking}")

            result.success = True
            workflow.logger.info("🎉 Trip booking completed successfully")
            return result

        except Exception as e:
            workflow.logger.error(f"❌ Booking failed: {e}. Executing compensations...")
            result.error = str(e)

            for compensation_activity, booking_id in reversed(compensations):
                try:
                    await workflow.execute_activity(
                        compensation_activity,
                        args=[booking_id],
                        start_to_close_timeout=timedelta(seconds=30),
                        retry_policy=RetryPolicy(maximum_attempts=5, initial_interval=timedelta(seconds=2)),
                    )
                    workflow.logger.info(f"✓ Compensation successful: {compensation_activity.__name__}")
                except Exception as comp_error:
                    workflow.logger.error(
                        f"⚠ Compensation failed: {compensation_activity.__name__}: {comp_error}"
                    )

            workflow.logger.info("All compensations completed")
            return result
