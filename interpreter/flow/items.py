"""The items of a `for_each`: of a list, or handed out page by page. The next run knows them again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from dsl.expressions import ExprError, JsonValue, Template
from dsl.model import ForEachStep, PagingCall
from dsl.problems.wording import describe
from interpreter.calls.arguments import evaluate_arguments
from interpreter.calls.priorities import evaluate_priority
from interpreter.calls.task_queues import evaluate_task_queue
from interpreter.effects import ActivityCall, Cancellation
from interpreter.failure.failure import Failure, Outcome, StepFailed, expression_error
from interpreter.flow.item_keys import check_item_keys
from interpreter.program.model import Node
from interpreter.state.context import StepContext
from interpreter.state.keys import next_activity_id, step_key
from interpreter.state.step_state import ForEachState, PagesState

IMMUTABLE = frozenset({"input"})
"""What an expression reads that the next run can read again."""


@dataclass(slots=True, eq=False)
class Items:
    """Hands out each item once."""

    context: StepContext
    step: ForEachStep
    state: ForEachState
    _list: list[JsonValue] | None = None
    """None until the loop begins, and if the items come in pages."""
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def begin(self) -> None:
        """Find out what there is, or was in an earlier run.

        Raises:
            StepFailed: the expression yields no list, or two items have the same key.
        """
        is_fresh, self.state.has_begun = not self.state.has_begun, True
        if self.context.node.pages is None:
            self._list = self._evaluate_list()
            if is_fresh:
                await check_item_keys(self.context, self.step, self._list)
        elif is_fresh:
            self.state.pages = PagesState()

    @property
    def total(self) -> int | None:
        """How many items there are; None as long as that is not known."""
        pages = self.state.pages
        if pages is None:
            return None if self._list is None else len(self._list)
        return None if pages.has_more else self.state.next_item + len(pages.page)

    @property
    def are_over(self) -> bool:
        """Whether all items were handed out."""
        return self.state.next_item == self.total

    async def take(self) -> tuple[int, JsonValue] | None:
        """Hand out the next item with its number; None when none is at hand, after an empty page for example.

        Raises:
            StepFailed: the activity that hands them out has failed.
        """
        if self.state.pages is not None:
            item_or_none = await self._take_from_page(self.state.pages)
            if item_or_none is None:
                return None
            (item,) = item_or_none
        else:
            assert self._list is not None
            item = self._list[self.state.next_item]
        self.state.next_item += 1
        return self.state.next_item - 1, item

    async def _take_from_page(self, pages: PagesState) -> tuple[JsonValue] | None:
        async with self._reading:
            if not pages.page and pages.has_more:
                await self._read_page(pages)
        return (pages.page.pop(0),) if pages.page else None

    def _evaluate_list(self) -> list[JsonValue]:
        if self.state.items is not None:
            return self.state.items
        template = self.step.for_each
        assert isinstance(template, Template)
        value = self.context.evaluate(template, "for_each")
        if not isinstance(value, list):
            error = ExprError("type-mismatch", f"expected a list, found {describe(value)}")
            raise expression_error(error, self.context.name_part("for_each"))
        if not IMMUTABLE.issuperset(template.roots):
            self.state.items = value
        return value

    async def _read_page(self, pages: PagesState) -> None:
        """Call the activity that hands out the items.

        Raises:
            StepFailed: it has failed, or what it returned is no page.
        """
        node = self.context.node.pages
        assert node is not None
        call = self._build_call(node, pages)
        try:
            page = (await self.context.run.effects.call_activity(call)).value
        except StepFailed as failed:
            raise StepFailed(failed.failure.at_step(node.path)) from failed
        if not (isinstance(page, dict) and isinstance(page.get("items"), list) and "next" in page):
            message = f"expected a page {{items, next}}, found {describe(page)}"
            failure = Failure("InvalidResult", message, non_retryable=True, outcome=Outcome.FAILED)
            raise StepFailed(failure.at_step(node.path))
        items = page["items"]
        await check_item_keys(self.context, self.step, items, self.state.next_item)
        pages.page, pages.read = list(items), pages.read + 1
        pages.cursor, pages.has_more = page["next"], page["next"] is not None

    def _build_call(self, node: Node, pages: PagesState) -> ActivityCall:
        run, step, plan = self.context.run, node.step, node.plan
        assert isinstance(step, PagingCall)
        assert plan is not None
        context = replace(self.context, node=node)
        args = evaluate_arguments(context, step)
        return ActivityCall(
            id=next_activity_id(run, f"{node.path}[{pages.read}]"),
            key=f"{step_key(run, node)}[{pages.read}]",
            name=step.activity,
            args=(*args.values, pages.cursor),
            summary=node.summary,
            task_queue=evaluate_task_queue(context, plan.task_queue),
            timeouts=plan.timeouts,
            retry=plan.retry,
            cancellation=Cancellation.TRY,
            secrets=args.secrets,
            priority=evaluate_priority(context, plan.priority),
        )
