"""Types that no argument can be converted to: what is said of them is what temporalio's converter does."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, TypedDict

import pytest
from temporalio import activity

from interpreter.temporal.worker.parameter_types import find_impossible
from stepfile import build_catalogue


class Colour(Enum):
    RED = 1


@dataclass
class Order:
    sku: str
    day: date


@dataclass
class Chain:
    name: str
    next: Chain | None
    since: date | None = None


@dataclass
class Unfinished:
    part: Missing  # type: ignore[name-defined]  # noqa: F821


class Part(TypedDict):
    sku: str


@pytest.mark.parametrize(
    ("hint", "found"),
    [
        (date, "date"),
        (Decimal, "Decimal"),
        (object, "object"),
        (Colour, "Colour"),
        (date | None, "date"),
        (date | Decimal, "date"),
        (list[date], "date"),
        (dict[str, list[date]], "date"),
        (Order, "date"),
        (list[Order | None], "date"),
        (str | date, None),
        (Chain, None),
        (Part, None),
        (Unfinished, None),
        (datetime, None),
        (uuid.UUID, None),
        (Literal["a"], None),
        (tuple[int, ...], None),
        (Sequence[Any], None),
        (dict, None),
        (Any, None),
        (type(None), None),
    ],
    ids=str,
)
def test_types_that_no_json_value_is_converted_to(hint: Any, found: str | None) -> None:
    assert find_impossible(hint) == found


@activity.defn
async def ship(sku: str, day: date) -> None: ...


@activity.defn
async def untyped(sku, day) -> None: ...  # type: ignore[no-untyped-def]


def test_the_catalogue_tells_them_of_each_parameter() -> None:
    told = build_catalogue([ship, untyped]).activities
    assert told["ship"].impossible == (None, "date")
    assert not any(told["untyped"].impossible)
