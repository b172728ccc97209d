"""What has become of the items of a `for_each`, and whether too many have failed."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from operator import itemgetter

from dsl.expressions import JsonValue
from dsl.model import ForEachStep, Percent
from interpreter.failure.failure import Failure, StepFailed
from interpreter.state.step_state import ForEachState


@dataclass(slots=True, eq=False)
class ItemResults:
    """The items of one loop that have ended, in any order."""

    step: ForEachStep
    state: ForEachState

    @property
    def result(self) -> JsonValue:
        """The result of the loop: one for each item, in order; null for one that has failed."""
        return self.state.results if self.step.collect == "all" else None

    def add_success(self, number: int, result: JsonValue) -> None:
        """Note that an item has completed."""
        self.state.succeeded += 1
        self._set_result(number, result)

    def add_failure(self, number: int, item: JsonValue, key: str | None, failure: Failure) -> None:
        """Note that an item has failed."""
        self.state.failures += 1
        if self.step.collect != "none":
            shown = {"index": number, "key": key, "item": item, "error": failure.to_json()}
            insort(self.state.failed, shown, key=itemgetter("index"))
        self._set_result(number, None)

    def check(self, total: int | None, last: StepFailed | None = None) -> None:
        """Look whether too many items have failed.

        Args:
            total: How many items there are; None as long as that is not known.
            last: The failure of the last one, if it has failed.

        Raises:
            StepFailed: `TooManyFailures`.
        """
        tolerated, failures = self.step.tolerate_failures, self.state.failures
        if isinstance(tolerated, Percent):
            if total is None or failures <= count_tolerated(tolerated, total):
                return
        elif tolerated is None or failures <= tolerated:
            return
        message = f"{failures} item{'s have' if failures != 1 else ' has'} failed, more than are tolerated"
        details: JsonValue = {"failures": failures, "succeeded": self.state.succeeded}
        cause = last.failure if last is not None else None
        raise StepFailed(Failure("TooManyFailures", message, details, cause=cause)) from last

    def _set_result(self, number: int, result: JsonValue) -> None:
        if self.step.collect != "all":
            return
        results = self.state.results
        results.extend([None] * (number + 1 - len(results)))
        results[number] = result


def count_tolerated(percent: Percent, total: int) -> int:
    """How many of so many items a percentage is, rounded down.

    It is computed in thousandths of a percent, because floats are not exact: 0.57 % of 10,000 must be 57.
    """
    return round(1000 * percent.value) * total // 100_000
