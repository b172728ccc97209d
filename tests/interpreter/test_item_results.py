"""How many items may fail."""

from __future__ import annotations

import pytest

from dsl.expressions import Template
from dsl.model import ForEachStep, Percent
from interpreter.failure.failure import Failure, StepFailed
from interpreter.flow.item_results import ItemResults
from interpreter.state.step_state import ForEachState


def results_of(tolerated: int | Percent | None, failures: int) -> ItemResults:
    step = ForEachStep.model_construct(
        for_each=Template.value([]), tolerate_failures=tolerated, collect="failed", steps=()
    )
    results = ItemResults(step, ForEachState())
    for number in range(failures):
        results.add_failure(number, "item", None, Failure("Broken", "it broke"))
    return results


@pytest.mark.parametrize(
    ("tolerated", "total", "most"),
    [
        (0, 10, 0),
        (3, 10, 3),
        (Percent(0), 10, 0),
        (Percent(50), 3, 1),
        (Percent(100), 3, 3),
        (Percent(0.57), 10_000, 57),
        (Percent(1.13), 10_000, 113),
        (Percent(1.1), 1000, 11),
    ],
)
def test_the_last_that_may_fail(tolerated: int | Percent, total: int, most: int) -> None:
    results_of(tolerated, most).check(total)
    with pytest.raises(StepFailed) as failed:
        results_of(tolerated, most + 1).check(total)
    assert failed.value.failure.type == "TooManyFailures"
    assert failed.value.failure.details == {"failures": most + 1, "succeeded": 0}


def test_a_share_of_what_is_not_known_yet() -> None:
    results_of(Percent(1), 5).check(None)


def test_they_stand_in_the_order_of_the_items() -> None:
    some = results_of(None, 0)
    for number in (2, 0, 1):
        some.add_failure(number, number, None, Failure("Broken", "it broke"))
    assert [each["index"] for each in some.state.failed] == [0, 1, 2]
