"""A bank transfer. Each call is safe to repeat: the bank knows it again by its key."""

from __future__ import annotations

from temporalio import activity

from definitions.activities.behaviour import behave
from stepfile.activity import idempotency_key


@activity.defn
async def block_money(account: str, amount: float) -> str:
    """Set money aside, so that it can't be spent twice."""
    await behave(account)
    activity.logger.info("%s: %g blocked, key %s", account, amount, idempotency_key())
    return f"block_{account}"


@activity.defn
async def unblock_money(block: str) -> None:
    """Free it again. `block` is its number, or the idempotency key if none is known."""
    activity.logger.info("unblocked: %s", block)


@activity.defn
async def submit_transfer(to: str, amount: float) -> str:
    """Send it to the other bank, which confirms it later."""
    await behave(to)
    activity.logger.info("%g to %s, key %s", amount, to, idempotency_key())
    return f"transfer_{to}"


@activity.defn
async def cancel_transfer(transfer: str) -> None:
    """Take it back, if it has gone out. `transfer` is its number, or the idempotency key if none is known."""
    activity.logger.info("cancelled: %s", transfer)


@activity.defn
async def debit_account(block: str) -> None:
    """Take the money that was set aside."""
    activity.logger.info("debited: %s", block)
