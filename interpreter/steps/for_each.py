"""`for_each`: run steps for each item, some at the same time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from dsl.expressions import JsonValue
from dsl.model import ForEachStep
from interpreter.concurrency.shield import shielded
from interpreter.failure.failure import Outcome, StepFailed
from interpreter.flow.item_keys import name_of, with_item
from interpreter.flow.item_results import Tally
from interpreter.flow.items import Items
from interpreter.flow.iteration import Iteration
from interpreter.flow.task_group import End, together
from interpreter.modifiers.compensate import undo_all
from interpreter.modifiers.dead_letter import posted
from interpreter.program.model import Node
from interpreter.state.machine_port import Machine
from interpreter.state.run import Run
from interpreter.state.scope import Scope


async def perform(run: Run, node: Node, step: ForEachStep, scope: Scope, machine: Machine) -> JsonValue:
    """Run the steps for each item, at most `concurrency` at the same time; the results in the order of the items.

    Raises:
        StepFailed: more items have failed than may, or the items can't be had. Nothing runs any more then.
        Returned: an item has ended the run. What was on its way in the others, and may have happened, is undone.
    """
    memory: dict[str, Any] = run.progress.of(node.path).memory
    items, tally = Items(run, node, step, scope, memory), Tally(step, memory)
    loop = _Loop(run, node, step, machine, items, tally, memory.setdefault("open", {}))
    try:
        await items.begin()
        await _worked(loop, scope)
        tally.check(items.total)
        return tally.result
    finally:
        run.progress.of(node.path).fields["failed"] = tally.failed


async def _worked(loop: _Loop, scope: Scope) -> None:
    workers = min(loop.step.concurrency, loop.most)
    if workers <= 1:
        await loop.work(scope)
        return
    failures: list[StepFailed] = []

    def decides(end: End) -> bool:
        if end.failed is not None:
            failures.append(end.failed)
        return end.failed is not None or end.returned is not None

    decided = await together(loop.run, scope, [loop.work] * workers, decides)
    if decided is not None and decided.returned is not None:
        await shielded(undo_all(loop.run, loop.machine.perform, {loop.node.path}, Outcome.UNKNOWN))
        raise decided.returned
    if failures:
        loop.run.further.add(*(each.failure for each in failures[1:]))
        raise failures[0]


@dataclass(slots=True, eq=False)
class _Loop:
    """One run of one `for_each`, by one worker or several."""

    run: Run
    node: Node
    step: ForEachStep
    machine: Machine
    items: Items
    tally: Tally
    open: dict[str, JsonValue]
    """Number → item, of what goes on."""
    _left_open: list[str] = field(default_factory=list)
    """What an earlier run has begun."""

    def __post_init__(self) -> None:
        self._left_open = sorted(self.open, key=int)
        self._show()

    @property
    def most(self) -> int:
        """How many can be worth working on at the same time."""
        total = self.items.total
        left = self.step.concurrency if total is None else total - self.items.memory["next"]
        return left + len(self._left_open)

    async def work(self, scope: Scope) -> JsonValue:
        """Take items until there are none left."""
        while self._left_open or not self.items.are_over:
            await self.run.checkpoint(scope)
            taken = await self._next()
            if taken is not None:
                await self._do(*taken, scope)
        return None

    async def _next(self) -> tuple[int, JsonValue] | None:
        if self._left_open:
            number = self._left_open.pop(0)
            return int(number), self.open[number]
        taken = None if self.items.are_over else await self.items.take()
        if taken is not None:
            self.open[str(taken[0])] = taken[1]
        return taken

    async def _do(self, number: int, item: JsonValue, scope: Scope) -> None:
        inside = with_item(self.step, scope, number, item)
        iteration = Iteration(self.run, self.node, number)
        try:
            iteration = iteration.named(name_of(self.run, self.node, self.step, inside))
            result = await self._iterate(iteration, inside)
        except StepFailed as failed:
            await self._failed(iteration, item, failed, scope)
        else:
            self.tally.add_success(number, result)
        del self.open[str(number)]
        self.run.moved = True
        self._show()

    async def _iterate(self, iteration: Iteration, scope: Scope) -> JsonValue:
        inner = iteration.enter(scope)
        try:
            result = await self.machine.run_steps(self.run, iteration.body, inner)
            if self.step.result is not None:
                result = self.run.evaluate(self.step.result, inner, f"{self.node.path}: result")
        except StepFailed as failed:
            if not scope.stop.requested:
                iteration.leave()
            raise StepFailed(failed.failure.at_step(iteration.path)) from failed
        iteration.leave()
        return result

    async def _failed(self, iteration: Iteration, item: JsonValue, failed: StepFailed, scope: Scope) -> None:
        """Note a failure that is tolerated.

        Raises:
            StepFailed: it is not.
        """
        if scope.stop.requested:
            raise failed
        kept = await self._kept(iteration, item, failed)
        self.tally.add_failure(iteration.number, item, iteration.name, failed.failure)
        self._show()
        if self.step.tolerate_failures is None and not kept:
            raise failed
        self.tally.check(self.items.total, failed)

    async def _kept(self, iteration: Iteration, item: JsonValue, failed: StepFailed) -> bool:
        """Whether the item has become a dead letter."""
        if self.node.dead_letter is None:
            return False
        place = iteration.as_node()
        self.run.progress.of(place.path).given = item
        try:
            await posted(self.run, place, replace(self.node.dead_letter, go_on=True), failed)
        except StepFailed:
            return False
        finally:
            self.run.progress.forget(place.path)
        return True

    def _show(self) -> None:
        progress = self.run.progress.of(self.node.path)
        progress.fields["succeeded"], progress.failures = self.tally.succeeded, self.tally.memory["failures"]
