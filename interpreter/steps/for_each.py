"""`for_each`: run steps for each item, some at the same time."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

from dsl.expressions import ExprError, JsonValue
from dsl.model import ForEachStep, Percent
from dsl.wording import found
from interpreter.compensation import undo_all
from interpreter.dead_letter import posted
from interpreter.failure import Failure, Outcome, StepFailed, expression_failed
from interpreter.items import Items
from interpreter.iteration import Iteration
from interpreter.machine_port import Machine
from interpreter.program import Node
from interpreter.returned import Returned
from interpreter.run import Run
from interpreter.scope import Scope
from interpreter.shield import shielded
from interpreter.together import End, together


async def perform(run: Run, node: Node, step: ForEachStep, scope: Scope, machine: Machine) -> JsonValue:
    """Run the steps for each item, at most `concurrency` at the same time; the results in the order of the items.

    Raises:
        StepFailed: more items have failed than may, or the items can't be had. Nothing runs any more then.
        Returned: an item has ended the run. What was on its way in the others, and may have happened, is undone.
    """
    memory: dict[str, Any] = run.progress.of(node.path).memory
    loop = _Loop(run, node, step, scope, machine, memory, Items(run, node, step, scope, memory))
    workers = min(step.concurrency, loop.most)
    if workers == 1:
        await loop.work(scope.into(node.path))
    elif workers:
        await together(run, scope.into(node.path), [loop.work] * workers, loop.ended)
    return await loop.result()


@dataclass(slots=True, eq=False)
class _Loop:
    """One run of one `for_each`; what the next run must know is in `memory`."""

    run: Run
    node: Node
    step: ForEachStep
    scope: Scope
    machine: Machine
    memory: dict[str, Any]
    """`open`: number → `{item, name}` of what goes on; `results`; `failed` and `failures`, how many these are;
    `succeeded`. And what `Items` needs."""
    items: Items
    failures: list[StepFailed] = field(default_factory=list)
    returned: Returned | None = None
    _left_open: list[str] = field(default_factory=list)
    """What an earlier run has begun."""

    def __post_init__(self) -> None:
        for name, value in (("open", {}), ("results", []), ("failed", []), ("failures", 0), ("succeeded", 0)):
            self.memory.setdefault(name, value)
        self._left_open = list(self.memory["open"])
        self._show()

    @property
    def most(self) -> int:
        """How many can be worth working on at the same time."""
        total = self.items.total
        return self.step.concurrency if total is None else total - self.memory["next"] + len(self._left_open)

    async def work(self, scope: Scope) -> JsonValue:
        """Take items until there are none left."""
        while True:
            await self.run.checkpoint(scope)
            scope.stop.check()
            iteration = await self._next()
            if iteration is None:
                return None
            await self._do(iteration, scope)

    def ended(self, end: End) -> bool:
        """Whether the others must stop."""
        if end.failed is not None:
            self.failures.append(end.failed)
        self.returned = self.returned or end.returned
        return end.failed is not None or end.returned is not None

    async def result(self) -> JsonValue:
        if self.returned is not None:
            await shielded(undo_all(self.run, self.machine.perform, {self.node.path}, Outcome.UNKNOWN))
            raise self.returned
        if self.failures:
            self.run.further += [each.failure for each in self.failures[1:]]
            raise self.failures[0]
        self.scope.stop.check()
        share = self.step.tolerate_failures
        total = self.memory["next"]
        if isinstance(share, Percent) and 100 * self.memory["failures"] > share.value * total:
            raise self._too_many(None)
        return self.memory["results"] if self.step.collect == "all" else None

    async def _next(self) -> tuple[int, JsonValue] | None:
        if self._left_open:
            number = self._left_open.pop(0)
            return int(number), self.memory["open"][number]
        taken = await self.items.take()
        if taken is not None:
            self.memory["open"][str(taken[0])] = taken[1]
        return taken

    async def _do(self, taken: tuple[int, JsonValue], scope: Scope) -> None:
        number, item = taken
        inner = scope.with_names(**{self.step.as_: item, self.step.index_as: number})
        name: str | None = None
        try:
            name = self._name(inner)
            iteration = Iteration(self.run, self.node, number, name)
            result = await self._run(iteration, inner)
        except StepFailed as failed:
            await self._failed(number, item, name, failed, scope)
        else:
            self._succeeded(number, result)
        del self.memory["open"][str(number)]
        self.run.moved = True
        self._show()

    async def _run(self, iteration: Iteration, scope: Scope) -> JsonValue:
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

    def _name(self, scope: Scope) -> str | None:
        """What the item is called.

        Raises:
            StepFailed: the expression yields neither text nor a whole number.
        """
        if self.step.key_ is None:
            return None
        name = self.run.evaluate(self.step.key_, scope, f"{self.node.path}: key")
        if isinstance(name, str) or (isinstance(name, int) and not isinstance(name, bool)):
            return str(name)
        error = ExprError("E_TYPE", f"expected text or a whole number, found {found(name)}")
        raise expression_failed(error, f"{self.node.path}: key")

    def _succeeded(self, number: int, result: JsonValue) -> None:
        self.memory["succeeded"] += 1
        self._put(number, result)

    async def _failed(
        self, number: int, item: JsonValue, name: str | None, failed: StepFailed, scope: Scope
    ) -> None:
        """Note a failure that is tolerated.

        Raises:
            StepFailed: it is not.
        """
        if scope.stop.requested:
            raise failed
        kept = await self._kept(number, item, name, failed)
        self.memory["failures"] += 1
        if self.step.collect != "none":
            shown = {"index": number, "key": name, "item": item, "error": failed.failure.as_json()}
            insort(self.memory["failed"], shown, key=itemgetter("index"))
        self._put(number, None)
        if not self._tolerated(kept):
            self._show()
            raise failed if self.step.tolerate_failures is None else self._too_many(failed)

    async def _kept(self, number: int, item: JsonValue, name: str | None, failed: StepFailed) -> bool:
        letterbox = self.node.dead_letter
        if letterbox is None:
            return False
        place = Iteration(self.run, self.node, number, name).as_node()
        self.run.progress.of(place.path).given = item
        try:
            await posted(self.run, place, replace(letterbox, go_on=True), failed)
        except StepFailed:
            return False
        finally:
            self.run.progress.forget(place.path)
        return True

    def _tolerated(self, kept: bool) -> bool:
        tolerated = self.step.tolerate_failures
        if tolerated is None:
            return kept
        if isinstance(tolerated, int):
            return bool(self.memory["failures"] <= tolerated)
        total = self.items.total
        return total is None or 100 * self.memory["failures"] <= tolerated.value * total

    def _too_many(self, last: StepFailed | None) -> StepFailed:
        failures = self.memory["failures"]
        message = f"{failures} item{'s have' if failures != 1 else ' has'} failed, more than are tolerated"
        details = {"failures": failures, "succeeded": self.memory["succeeded"]}
        cause = last.failure if last is not None else None
        too_many = StepFailed(Failure("TooManyFailures", message, details, cause=cause))
        too_many.__cause__ = last
        return too_many

    def _put(self, number: int, result: JsonValue) -> None:
        if self.step.collect != "all":
            return
        results = self.memory["results"]
        results.extend([None] * (number + 1 - len(results)))
        results[number] = result

    def _show(self) -> None:
        fields = self.run.progress.of(self.node.path).fields
        fields["failed"] = self.memory["failed"]
        fields["succeeded"] = self.memory["succeeded"]
