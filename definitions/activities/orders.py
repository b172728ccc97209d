"""Stock, money, parcels, and words to the customer and to those who decide."""

from __future__ import annotations

from temporalio import activity

from definitions.activities.behaviour import behave


@activity.defn
async def reserve_stock(sku: str) -> str:
    """Put goods aside."""
    await behave(sku)
    return f"stock_{sku}"


@activity.defn
async def release_stock(reservation: str) -> None:
    """Put goods back. `reservation` is its number, or the idempotency key if none is known."""
    activity.logger.info("stock released: %s", reservation)


@activity.defn
async def charge_card(card: str, amount: float) -> str:
    """Take money from a card."""
    await behave(card)
    return f"payment_{card}_{amount:g}"


@activity.defn
async def refund_card(payment: str) -> None:
    """Give the money back. `payment` is its number, or the idempotency key if none is known."""
    activity.logger.info("refunded: %s", payment)


@activity.defn
async def ship_order(address: str) -> str:
    """Hand the goods over to a carrier."""
    await behave(address)
    return f"tracking_{address}"


@activity.defn
async def recall_parcel(parcel: str) -> None:
    """Have a parcel brought back."""
    activity.logger.info("recalled: %s", parcel)


@activity.defn
async def ask_for_approval(request: str) -> None:
    """Write to those who may decide."""
    activity.logger.info("to be approved: %s", request)


@activity.defn
async def notify_customer(message: str) -> None:
    """Write to the customer."""
    activity.logger.info("to the customer: %s", message)
