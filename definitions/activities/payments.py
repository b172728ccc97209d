"""These activities make a bank transfer. Each may be repeated: the bank recognizes a repeated call by its key."""

from __future__ import annotations

from temporalio import activity

from definitions.activities.behaviour import behave
from stepfile.activity import idempotency_key


@activity.defn
async def block_money(account: str, amount: float) -> str:
    """Block money, so that it can't be spent twice, and return the number of the block."""
    await behave(account)
    activity.logger.info("%s: %g blocked, key %s", account, amount, idempotency_key())
    return f"block_{account}"


@activity.defn
async def unblock_money(block: str) -> None:
    """Unblock money. `block` is the number of the block, or the idempotency key if the number is not known."""
    activity.logger.info("unblocked: %s", block)


@activity.defn
async def submit_transfer(to: str, amount: float) -> str:
    """Send a transfer to the other bank, which confirms it later, and return the number of the transfer."""
    await behave(to)
    activity.logger.info("%g to %s, key %s", amount, to, idempotency_key())
    return f"transfer_{to}"


@activity.defn
async def cancel_transfer(transfer: str) -> None:
    """Cancel a transfer, if it was sent. `transfer` is its number, or the idempotency key if that is not known."""
    activity.logger.info("cancelled: %s", transfer)


@activity.defn
async def debit_account(block: str) -> None:
    """Debit the money that was blocked."""
    activity.logger.info("debited: %s", block)
