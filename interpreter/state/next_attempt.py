"""What a failed attempt of a whole run tells the next one, in the details of its failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from interpreter.state.keys import count_own, sum_up_undone
from interpreter.state.run import Run
from interpreter.state.started_children import StartedChildren


@dataclass(frozen=True, slots=True)
class NextAttempt:
    """What an attempt of a whole run tells the next one."""

    undone: Mapping[str, int]
    """Path in idempotency keys → how often the effect of a step was undone, in earlier runs and attempts."""
    children: tuple[str, ...] = ()
    """The idempotency keys of steps that have started a child."""
    has_more_children: bool = False
    """Whether there were more of them."""
    identity: str | None = None
    """What idempotency keys begin with, if that is not the workflow id: in a round of a cron workflow."""

    @staticmethod
    def of(run: Run) -> NextAttempt:
        """What a run that has failed tells."""
        children = run.children
        return NextAttempt(
            sum_up_undone(run),
            tuple(children.keys),
            children.is_incomplete or children.is_unknown,
            run.identity if run.identity != run.effects.workflow_id else None,
        )

    def apply(self, run: Run, first: Run) -> None:
        """Let a run that has not begun know it.

        Args:
            run: The run.
            first: The first attempt, before it began. If it went on from a state, the memo with which the server
                starts every attempt has what that state counts.
        """
        run.undone, run.key_paths = dict(first.undone), dict(first.key_paths)
        run.undone_apart = first.undone_apart
        own = count_own(first)
        before = {path: times - own.get(path, 0) for path, times in self.undone.items()}
        run.predecessor = replace(
            run.predecessor, undone={path: times for path, times in before.items() if times}
        )
        run.children = StartedChildren.of_earlier_attempt(self.children, is_incomplete=self.has_more_children)
        run.identity = self.identity or run.identity

    def to_json(self) -> dict[str, Any]:
        """Write it. What is not said has its default."""
        return {
            "undone": dict(self.undone),
            **({"children": list(self.children)} if self.children else {}),
            **({"has_more_children": True} if self.has_more_children else {}),
            **({"identity": self.identity} if self.identity is not None else {}),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> NextAttempt:
        """Read it back."""
        children = tuple(data.get("children", ()))
        has_more = bool(data.get("has_more_children"))
        return NextAttempt(data["undone"], children, has_more, data.get("identity"))
