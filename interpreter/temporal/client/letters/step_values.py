"""What a step reads that is redriven alone, by the names that its expressions have for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_OWN = ("vars", "steps")
"""Roots that stand beside the other names in `only`."""


@dataclass(frozen=True, slots=True)
class StepValues:
    """The values of a record, and where they are to be put back."""

    names: Mapping[str, Any]
    """Root → value: `input`, `vars`, `steps`, `item`, ...; `args` are those of a compensation's call."""
    request: Mapping[str, Any]

    @staticmethod
    def of(redrive: Mapping[str, Any]) -> StepValues:
        """Take them from the part of a record that says what to start."""
        request = redrive["request"]
        only: Mapping[str, Any] = request["only"]
        names = {
            **only.get("names", {}),
            **{root: only.get(root, {}) for root in _OWN},
            "input": redrive["input"],
        }
        call: Mapping[str, Any] | None = only.get("undo", {}).get("call")
        if call is not None:
            names["args"] = call["args"]
        return StepValues(names, request)

    def put_back(self, changed: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Build what the run is started with.

        Args:
            changed: The values, none of which is missing any more.

        Returns:
            The input, and the request.
        """
        rest = dict(changed)
        only = dict(self.request["only"])
        data = rest.pop("input")
        for root in _OWN:
            only[root] = rest.pop(root)
        if "args" in rest and "undo" in only:
            only["undo"] = {**only["undo"], "call": {**only["undo"]["call"], "args": rest.pop("args")}}
        only["names"] = rest
        return data, {**self.request, "only": only}
