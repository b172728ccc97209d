"""The activity charges an item, in an idempotent ledger; which items the service refuses stands beside that."""

from __future__ import annotations

import os
from pathlib import Path

from temporalio import activity
from temporalio.exceptions import ApplicationError

from stepfile.activity import idempotency_key
from tests.soak.activities import LEDGER
from tests.soak.ledger import Call, Ledger

REFUSED = "refused"
"""The file, beside the ledger, with the items that the service refuses."""


@activity.defn
def charge_item(item: int) -> str:
    """Charge an item, unless the service refuses it; half of those fail in another way in each attempt."""
    file = Path(os.environ[LEDGER])
    if str(item) in (file.parent / REFUSED).read_text().split():
        raise ApplicationError(f"item {item} is refused", type="Refused", non_retryable=item % 2 == 0)
    receipt, _ = Ledger(file).do(Call(idempotency_key(), "charge_item", activity.info().attempt), 1)
    return receipt
