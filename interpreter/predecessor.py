"""What a run must know of the runs before it under its workflow id, so that no effect comes twice.

Temporal gives a new run no trace of the one before it. So whoever starts it tells it: a client what it has found out
(`interpreter.temporal.client.predecessor`), a parent what it was told of its children.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Predecessor:
    """What the runs before this one have undone. All else that they have done may stand."""

    generation: int = 1
    """With which generation the keys of undoable steps go on."""
    undone: Mapping[str, int] = field(default_factory=dict[str, int])
    """Path in idempotency keys → how often the effect of a step was undone."""
    started_with: int | None = None
    """With which generation the last of them was started; None if there was none."""
    children: Mapping[str, Predecessor] = field(default_factory=dict[str, "Predecessor"])
    """Workflow id → the same, of the children that they have started."""
    least_generation: int = 1
    """With which generation those of all other steps go on. It is higher than 1 if whoever starts the run may have
    undone all that an earlier one had done, at once."""

    @property
    def exists(self) -> bool:
        """Whether there was a run before this one, so that something of it may stand."""
        return self.started_with is not None

    def begin_with(self, generation: int, least_generation: int = 1) -> Predecessor:
        """What a child must know whose parent has chosen its generations.

        The parent counts how often it knows the child to have undone all, or to be undone by its step. If it counts
        one more than when the last one was started, nothing of that is left. What the child has undone by itself is
        in both counts, what its step has undone is not. Where it may be either, a number may be left out.
        """
        first = max(generation, self.generation)
        more = first - self.generation if least_generation == 1 else 0
        undone = {path: times - more for path, times in self.undone.items() if times > more}
        was_undone = self.started_with is None or generation > self.started_with
        return replace(
            self,
            generation=first,
            least_generation=max(least_generation, self.least_generation),
            undone=undone,
            started_with=None if was_undone else self.started_with,
        )

    def meet_children(self, children: Mapping[str, Predecessor]) -> Predecessor:
        """Add what was found out about children since."""
        return replace(self, children={**self.children, **children}) if children else self

    def to_json(self) -> dict[str, Any]:
        """Write it. What is not said has its default."""
        told = {
            "generation": self.generation if self.generation != 1 else None,
            "undone": dict(self.undone),
            "started_with": self.started_with,
            "children": {each: known.to_json() for each, known in self.children.items()},
            "least_generation": self.least_generation if self.least_generation != 1 else None,
        }
        return {key: value for key, value in told.items() if value}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Predecessor:
        """Read it.

        Raises:
            ValueError: somebody else has written it.
        """
        counts, children = _get(data, "undone", dict, {}), _get(data, "children", dict, {})
        return Predecessor(
            _get(data, "generation", int, 1),
            {path: _get(counts, path, int, 0) for path in counts},
            _get(data, "started_with", int, None),
            {each: _read_child(each, _get(children, each, dict, {})) for each in children},
            _get(data, "least_generation", int, 1),
        )


NO_PREDECESSOR = Predecessor()

PREDECESSOR_KEYS = tuple(each.name for each in fields(Predecessor))


def _read_child(workflow_id: str, data: Mapping[str, Any]) -> Predecessor:
    for key in data:
        if key not in PREDECESSOR_KEYS:
            raise ValueError(f'"{key}" is not a key of children.{workflow_id}')
    return Predecessor.from_json(data)


def _get(data: Mapping[str, Any], key: str, kind: type, default: Any) -> Any:
    value = data.get(key, default)
    if value is not default and (not isinstance(value, kind) or isinstance(value, bool)):
        raise ValueError(f"{key} must be {'a whole number' if kind is int else 'a map'}")
    return value
