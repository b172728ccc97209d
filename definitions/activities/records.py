"""These activities read and process more records than one payload may hold."""

from __future__ import annotations

from typing import Any

from temporalio import activity

from definitions.activities.behaviour import behave

PAGE = 10


@activity.defn
async def list_records(records: int, bad: int, cursor: int | None) -> dict[str, Any]:
    """Return a page of records.

    Args:
        records: How many records there are.
        bad: How many of them, from the first on, can't be processed.
        cursor: Where the page begins; None is the first page.
    """
    first = cursor or 0
    last = min(first + PAGE, records)
    page = [f"{'declined' if number < bad else 'record'}-{number + 1}" for number in range(first, last)]
    return {"items": page, "next": last if last < records else None}


@activity.defn
async def process_record(record: str) -> None:
    """Process a record."""
    await behave(record)
