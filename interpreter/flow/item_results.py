"""What has become of the items of a `for_each`, and whether too many have failed."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from dsl.expressions import JsonValue
from dsl.model import ForEachStep, Percent
from interpreter.failure.failure import Failure, StepFailed


@dataclass(slots=True, eq=False)
class Tally:
    """Of one run of the loop; items end in any order."""

    step: ForEachStep
    memory: dict[str, Any]
    """`results`, `failed`; `failures`, how many these are, and `succeeded`: what the next run must know."""

    def __post_init__(self) -> None:
        for name, value in (("results", []), ("failed", []), ("failures", 0), ("succeeded", 0)):
            self.memory.setdefault(name, value)

    @property
    def succeeded(self) -> int:
        return int(self.memory["succeeded"])

    @property
    def failed(self) -> list[JsonValue]:
        """Those that have failed, in the order of the items."""
        failed: list[JsonValue] = self.memory["failed"]
        return failed

    @property
    def result(self) -> JsonValue:
        """Of the loop: one for each item, in order; null for one that has failed."""
        results: list[JsonValue] = self.memory["results"]
        return results if self.step.collect == "all" else None

    def add_success(self, number: int, result: JsonValue) -> None:
        self.memory["succeeded"] += 1
        self._put(number, result)

    def add_failure(self, number: int, item: JsonValue, name: str | None, failure: Failure) -> None:
        self.memory["failures"] += 1
        if self.step.collect != "none":
            shown = {"index": number, "key": name, "item": item, "error": failure.as_json()}
            insort(self.memory["failed"], shown, key=itemgetter("index"))
        self._put(number, None)

    def check(self, total: int | None, last: StepFailed | None = None) -> None:
        """
        Args:
            total: How many items there are; None as long as that is not known.
            last: The failure of the last one, if it has failed.

        Raises:
            StepFailed: `TooManyFailures`.
        """
        tolerated, failures = self.step.tolerate_failures, self.memory["failures"]
        if isinstance(tolerated, Percent):
            if total is None or failures <= _share(tolerated, total):
                return
        elif tolerated is None or failures <= tolerated:
            return
        message = f"{failures} item{'s have' if failures != 1 else ' has'} failed, more than are tolerated"
        details = {"failures": failures, "succeeded": self.succeeded}
        cause = last.failure if last is not None else None
        raise StepFailed(Failure("TooManyFailures", message, details, cause=cause)) from last

    def _put(self, number: int, result: JsonValue) -> None:
        if self.step.collect != "all":
            return
        results = self.memory["results"]
        results.extend([None] * (number + 1 - len(results)))
        results[number] = result


def _share(percent: Percent, total: int) -> int:
    """How many items that is, rounded down; in thousandths, for 0.57 % of 10,000 are 57, whatever floats say."""
    return round(1000 * percent.value) * total // 100_000
