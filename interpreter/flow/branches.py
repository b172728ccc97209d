"""The branches of a `parallel` or a `race`: what they have in common, also over several runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from dsl.expressions import JsonValue
from interpreter.failure.codec import failure_from_json, failure_to_json
from interpreter.failure.failure import StepFailed
from interpreter.flow.task_group import End, Work, together
from interpreter.program.model import Branch, Node
from interpreter.state.machine_port import Machine
from interpreter.state.run import Run
from interpreter.state.scope import Scope


def path_of(node: Node, branch: Branch) -> str:
    """What is inside the branch says so: see `Scope.inside`."""
    return f"{node.path}.{branch.name}"


@dataclass(slots=True, eq=False)
class Branches:
    """Those of one step, and how they have ended: in this run, or in one before it."""

    run: Run
    node: Node
    machine: Machine
    results: dict[str, JsonValue] = field(default_factory=dict)
    """Of the branches that have completed, in the order in which they have."""
    failures: list[StepFailed] = field(default_factory=list)
    """Of the others, the first one first."""

    async def settled(self, scope: Scope, decides: Callable[[End], bool]) -> End | None:
        """Run what has not ended yet, until all have; the end that has decided.

        Raises:
            asyncio.CancelledError: the scope around it was asked to stop.
        """
        ended: list[dict[str, Any]] = self.run.progress.of(self.node.path).memory.setdefault("ended", [])
        for end in ended:
            self._note(end)
        over = [end["branch"] for end in ended]
        left = [branch for branch in self.node.branches if branch.name not in over]

        def noted(end: End) -> bool:
            name = left[end.number].name
            if end.failed is not None:
                ended.append({"branch": name, "failure": failure_to_json(end.failed.failure)})
                self.failures.append(end.failed)
            elif end.completed:
                ended.append({"branch": name, "result": end.result})
                self.results[name] = end.result
            return decides(end)

        works = [self._work(each) for each in left]
        return await together(self.run, scope.into(self.node.path), works, noted)

    def _note(self, end: dict[str, Any]) -> None:
        if "failure" in end:
            self.failures.append(StepFailed(failure_from_json(end["failure"])))
        else:
            self.results[end["branch"]] = end["result"]

    def _work(self, branch: Branch) -> Work:
        def work(scope: Scope) -> Awaitable[JsonValue]:
            return self.machine.run_steps(self.run, branch.steps, scope.into(path_of(self.node, branch)))

        return work
