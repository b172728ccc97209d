"""A run that redrives a dead letter runs one step, and nothing else of its definition.

What the step sees stands in the request: the history of the run that has failed may be gone by then. It is all that
the expressions of the step read, and no more, so that the letters of a loop do not each hold the whole list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from dsl.expressions import JsonValue
from interpreter.program.model import Node, Program
from interpreter.program.paths import find_node


@dataclass(frozen=True, slots=True)
class OnlyStep:
    """The only step that a run runs, and what it sees."""

    step: str
    """The path of the step: `charge`, or in an iteration `charge_all[3]/charge`."""
    key_frame: str = ""
    """The iteration as idempotency keys have it: `charge_all[A7]/`; "" outside of loops."""
    item: Mapping[str, Any] | None = None
    """`{number, key}` of the only item that is done, if the step is a `for_each`; `key` may be null."""
    undo: Mapping[str, Any] | None = None
    """The compensation of the step is run, not the step itself: `{call}` with the arguments of the call, or `{}` if
    it is made of steps."""
    names: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    """What it sees beside the input, the variables and other steps: `item`, `index`, `error`, `result`, ..."""
    vars: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    steps: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    """Step id → what `steps.<id>` shows."""
    workflow_id: str = ""
    """That of the run which has failed; `run.workflow_id` shows it, and `run.id` shows the next."""
    run_id: str = ""
    identity: str = ""
    """What idempotency keys begin with."""
    undone: Mapping[str, int] = field(default_factory=dict[str, int])
    """Path → how often the effect of a step was undone in the run that has failed."""
    pivot: str | None = None
    """The step after which nothing is undone any more, if it had completed."""
    hidden: tuple[tuple[str | int, ...], ...] = ()
    """Places of secret values that the step reads, such as `("input", "card")`. A letter does not hold them. They
    must have been put in before the run begins."""

    def to_json(self) -> dict[str, Any]:
        """Write it into a request. What is not said has its default."""
        written = {each.name: getattr(self, each.name) for each in fields(self)}
        written["hidden"] = [list(place) for place in self.hidden]
        return {
            name: value for name, value in written.items() if value or (name == "undo" and value is not None)
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> OnlyStep:
        """Read it from a request.

        Raises:
            ValueError: a client has sent something else.
        """
        kinds = {each.name: _KINDS.get(each.name, dict) for each in fields(OnlyStep)}
        for name, value in data.items():
            if name not in kinds:
                raise ValueError(f'"{name}" is not a key of only')
            if not isinstance(value, kinds[name]):
                raise ValueError(f"only.{name} must be {_WORDS[kinds[name]]}")
        if "step" not in data:
            raise ValueError("only.step must be the path of a step")
        said = {name: value for name, value in data.items() if name != "hidden"}
        hidden: list[list[str | int]] = data.get("hidden", [])
        return OnlyStep(**said, hidden=tuple(tuple(place) for place in hidden))


_KINDS: Mapping[str, type] = {
    **dict.fromkeys(("step", "key_frame", "workflow_id", "run_id", "identity", "pivot"), str),
    "hidden": list,
}
_WORDS: Mapping[type, str] = {str: "text", list: "a list", dict: "a map"}


def find_only_node(program: Program, only: OnlyStep) -> Node:
    """Find what the run runs: a step, the loop of an item, or a compensation.

    Raises:
        KeyError: the definition has no such step.
    """
    node = find_node(program, only.step, only.key_frame)
    if only.undo is None:
        return node
    if node.compensation is None:
        raise KeyError(f"{only.step}.compensate")
    return node.compensation
