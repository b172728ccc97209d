"""A set of records that is larger than one payload may be."""

from __future__ import annotations

from typing import Any

from temporalio import activity

from definitions.activities.behaviour import behave

PAGE = 10


@activity.defn
async def list_records(records: int, bad: int, cursor: int | None) -> dict[str, Any]:
    """A page of records; the first `bad` of all can't be processed."""
    first = cursor or 0
    last = min(first + PAGE, records)
    page = [f"{'declined' if number < bad else 'record'}-{number + 1}" for number in range(first, last)]
    return {"items": page, "next": last if last < records else None}


@activity.defn
async def process_record(record: str) -> None:
    """Do what is to be done with a record."""
    await behave(record)
