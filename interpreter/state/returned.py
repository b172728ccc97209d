"""`return`: the one way out of a run that is neither its end nor a failure."""

from __future__ import annotations

from dsl.expressions import JsonValue


class Returned(Exception):
    """A `return` step was reached; `value` is the result of the run."""

    def __init__(self, value: JsonValue) -> None:
        super().__init__("return")
        self.value = value
