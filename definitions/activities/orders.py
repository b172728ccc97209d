"""These activities handle orders: stock, money, parcels, and messages to people."""

from __future__ import annotations

from typing import Any

from temporalio import activity

from definitions.activities.behaviour import behave


@activity.defn
async def reserve_stock(sku: str) -> str:
    """Reserve goods, and return the number of the reservation."""
    await behave(sku)
    return f"stock_{sku}"


@activity.defn
async def release_stock(reservation: str) -> None:
    """Release reserved goods. `reservation` is its number, or the idempotency key if the number is not known."""
    activity.logger.info("stock released: %s", reservation)


@activity.defn
async def charge_card(card: str, amount: float) -> str:
    """Charge a card, and return the number of the payment."""
    await behave(card)
    return f"payment_{card}_{amount:g}"


@activity.defn
async def refund_card(payment: str) -> None:
    """Refund a payment. `payment` is its number, or the idempotency key if the number is not known."""
    activity.logger.info("refunded: %s", payment)


@activity.defn
async def ship_order(address: str) -> str:
    """Give the goods to a carrier, and return the number of the parcel."""
    await behave(address)
    return f"tracking_{address}"


@activity.defn
async def recall_parcel(parcel: str) -> None:
    """Ask the carrier to bring a parcel back."""
    activity.logger.info("recalled: %s", parcel)


@activity.defn
async def ask_for_approval(request: str) -> None:
    """Write to the people who may approve a request."""
    activity.logger.info("to be approved: %s", request)


@activity.defn
async def page_somebody(record: dict[str, Any]) -> None:
    """Tell whoever is on call what a run can't mend by itself. One that may ring twice asks for its key first."""
    activity.logger.warning("to whoever is on call: %s", record)


@activity.defn
async def notify_customer(message: str) -> None:
    """Write to the customer."""
    activity.logger.info("to the customer: %s", message)
