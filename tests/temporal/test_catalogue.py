"""What the rules know of activities is what Temporal's converter and the code of the activities say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import pytest
from temporalio import activity

from interpreter.temporal.worker.activities import build_catalogue


@dataclass
class Order:
    sku: str
    count: int = 1


@activity.defn
def order(
    order: Order,
    at: datetime,
    ids: list[UUID],
    kind: Literal["a", "b"],
    number: float | None,
    text: str,
    anything: Any,
) -> None:
    """Take one argument of each kind."""


@activity.defn
def bare(a, b: int) -> None:  # type: ignore[no-untyped-def]
    """Have an argument without annotation, which Temporal hands on as it is."""


@activity.defn
async def beats() -> None:
    def report() -> None:
        activity.heartbeat(1)

    report()


class Shop:
    @activity.defn
    def sell(self, count: int) -> None:
        activity.heartbeat(count)


CATALOGUE = build_catalogue([order, bare, beats, Shop().sell]).activities


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("order", [{"sku": "a"}, {"sku": "a", "count": 2, "x": 1}], [{"count": 1}, {"sku": 1}, "a", [1]]),
        ("at", ["2027-01-01T09:00:00Z"], ["tomorrow", 5]),
        ("ids", [[], ["123e4567-e89b-12d3-a456-426614174000"]], [["x"], 5]),
        ("kind", ["a"], ["c", 1]),
        ("number", [1, 1.5, None], ["1", [1]]),
        ("text", ["a"], [1, True, ["a"]]),
        ("anything", ["a", 1, [1], {}], []),
    ],
)
def test_values_that_can_be_converted(name: str, good: list[Any], bad: list[Any]) -> None:
    [wanted] = [each for each in CATALOGUE["order"].types if each.name == name]
    assert [value for value in good if not wanted.accepts(value)] == []
    assert [value for value in bad if wanted.accepts(value)] == []


def test_annotations_are_written_as_in_python() -> None:
    assert [each.text for each in CATALOGUE["order"].types][2:5] == [
        "list[uuid.UUID]",
        "Literal['a', 'b']",
        "float | None",
    ]


def test_the_argument_of_a_method() -> None:
    assert [(each.name, each.text) for each in CATALOGUE["sell"].types] == [("count", "int")]


def test_without_an_annotation_any_value_will_do() -> None:
    a, b = CATALOGUE["bare"].types
    assert [each.accepts("x") for each in (a, b)] == [True, False]


def test_heartbeats_are_seen_in_the_code() -> None:
    assert [name for name, each in CATALOGUE.items() if each.sends_heartbeats] == ["beats", "sell"]
