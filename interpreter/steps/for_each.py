"""`for_each`: run steps for each item, some at the same time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dsl.expressions import JsonValue
from dsl.model import ForEachStep
from interpreter.concurrency.shield import shield
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.flow.item_keys import add_item, evaluate_item_key
from interpreter.flow.item_results import ItemResults
from interpreter.flow.items import Items
from interpreter.flow.iteration import Iteration
from interpreter.flow.task_group import BranchOutcome, run_task_group
from interpreter.letters.redrive import describe_item
from interpreter.letters.told_letters import resolve_letters
from interpreter.modifiers.dead_letter import route_failure
from interpreter.modifiers.undo import undo_all
from interpreter.state.context import StepContext
from interpreter.state.observation import observe_item_end
from interpreter.state.pauses import checkpoint
from interpreter.state.scope import Scope
from interpreter.state.step_state import ForEachState


async def perform(context: StepContext, step: ForEachStep) -> JsonValue:
    """Run the steps for each item, at most `concurrency` at the same time; the results in the order of the items.

    Raises:
        StepFailed: more items have failed than may, or the items can't be had. Nothing runs any more then.
        Returned: an item has ended the run. What was on its way in the others, and may have happened, is undone.
    """
    progress = context.progress
    state = progress.resume
    if not isinstance(state, ForEachState):
        state = progress.resume = ForEachState()
    loop = _Loop(context, step, state, Items(context, step, state), ItemResults(step, state))
    try:
        await loop.items.begin()
        loop.show_progress()
        await _run_workers(loop, context.scope)
        loop.results.check(loop.items.total)
        return loop.results.result
    finally:
        context.progress.fields["failed"] = list[JsonValue](state.failed)


async def _run_workers(loop: _Loop, scope: Scope) -> None:
    workers = min(loop.step.concurrency, loop.useful_workers)
    if workers <= 1:
        await loop.work(scope)
        return
    run, failures = loop.context.run, list[StepFailed]()

    def decides(outcome: BranchOutcome) -> bool:
        if outcome.failed is not None:
            failures.append(outcome.failed)
        return outcome.failed is not None or outcome.returned is not None

    decided = await run_task_group(run, scope, [loop.work] * workers, decides)
    if decided is not None and decided.returned is not None:
        await shield(undo_all(run, loop.context.machine, {loop.context.node.path}, Outcome.UNKNOWN))
        raise decided.returned
    if failures:
        run.further_errors.add(*(each.failure for each in failures[1:]))
        raise failures[0]


@dataclass(slots=True, eq=False)
class _Loop:
    """One `for_each` in one run, on which one worker or several work."""

    context: StepContext
    step: ForEachStep
    state: ForEachState
    items: Items
    results: ItemResults
    _left_open: list[int] = field(default_factory=list)
    """Numbers of the items that an earlier run has begun."""

    def __post_init__(self) -> None:
        self._left_open = sorted(self.state.open)
        self.show_progress()

    @property
    def useful_workers(self) -> int:
        """How many items there can be to work on at the same time."""
        total = self.items.total
        left = self.step.concurrency if total is None else total - self.state.next_item
        return left + len(self._left_open)

    async def work(self, scope: Scope) -> JsonValue:
        """Take items until there are none left."""
        while self._left_open or not self.items.are_over:
            await checkpoint(self.context.run, scope)
            taken = await self._take_item()
            if taken is not None:
                await self._process_item(*taken, scope)
        return None

    async def _take_item(self) -> tuple[int, JsonValue] | None:
        if self._left_open:
            number = self._left_open.pop(0)
            return number, self.state.open[number]
        taken = None if self.items.are_over else await self.items.take()
        if taken is not None:
            number, item = taken
            self.state.open[number] = item
        return taken

    async def _process_item(self, number: int, item: JsonValue, scope: Scope) -> None:
        inside = add_item(self.step, scope, number, item)
        iteration = Iteration(self.context.run, self.context.node, number)
        try:
            iteration = iteration.with_key(evaluate_item_key(self.context, self.step, inside))
            result = await self._run_iteration(iteration, inside)
            if self.context.run.letters:
                await resolve_letters(self.context.run, iteration.as_node())
        except StepFailed as failed:
            await self._handle_item_failure(iteration, item, failed, inside)
            iteration.leave()
        else:
            self.results.add_success(number, result)
            self._observe_end(number, None)
        del self.state.open[number]
        self.context.run.made_progress = True
        self.show_progress()

    async def _run_iteration(self, iteration: Iteration, scope: Scope) -> JsonValue:
        inner = iteration.enter(scope)
        try:
            result = await self.context.run_steps(iteration.body, inner)
            if self.step.result is not None:
                result = self.context.evaluate(self.step.result, "result", inner)
        except StepFailed as failed:
            raise StepFailed(failed.failure.at_step(iteration.path)) from failed
        iteration.leave()
        return result

    async def _handle_item_failure(
        self, iteration: Iteration, item: JsonValue, failed: StepFailed, scope: Scope
    ) -> None:
        """Note a failure that is tolerated.

        Raises:
            StepFailed: it is not tolerated.
        """
        if scope.cancel_scope.cancel_called:
            raise failed
        kept = await self._write_letter(iteration, item, failed, scope)
        self.results.add_failure(iteration.number, item, iteration.key, failed.failure)
        self._observe_end(iteration.number, failed.failure)
        self.show_progress()
        if self.step.tolerate_failures is None and not kept:
            raise failed
        self.results.check(self.items.total, failed)

    def _observe_end(self, number: int, failure: Failure | None) -> None:
        if self.context.run.effects.is_observed:
            observe_item_end(self.context.run, self.context.node, number, failure)

    async def _write_letter(
        self, iteration: Iteration, item: JsonValue, failed: StepFailed, scope: Scope
    ) -> bool:
        """Write the dead letter of an item, if the loop has a queue; whether it was kept."""
        run, route = self.context.run, self.context.node.dead_letter
        if route is None:
            return False
        place = iteration.as_node()
        redrive = describe_item(run, self.context.node, iteration.number, iteration.key, scope)
        run.progress.of(place.path).given = item
        try:
            inside = (*scope.inside, self.context.node.path)
            await route_failure(run, place, replace(route, then_continue=True), failed, redrive, inside)
        except StepFailed:
            return False
        finally:
            run.progress.forget(place.path)
        return True

    def show_progress(self) -> None:
        """Show how many items have ended, and of how many."""
        progress = self.context.progress
        progress.total = self.items.total
        progress.fields["succeeded"], progress.failures = self.state.succeeded, self.state.failures
