"""The items of a `for_each`: of a list, or handed out page by page. They are known again in the next run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from dsl.expressions import ExprError, JsonValue, Template
from dsl.model import ForEachStep, PagingCall
from dsl.problems.wording import found
from interpreter.calls.arguments import positional
from interpreter.calls.task_queues import task_queue
from interpreter.effects import ActivityCall, Cancellation
from interpreter.failure.failure import Failure, Outcome, StepFailed, expression_failed
from interpreter.flow.item_keys import check_names
from interpreter.program.model import Node
from interpreter.state.run import Run
from interpreter.state.scope import Scope

IMMUTABLE = frozenset({"input"})
"""What an expression reads that the next run can read again."""


@dataclass(slots=True, eq=False)
class Items:
    """Hands out each item once."""

    run: Run
    node: Node
    step: ForEachStep
    scope: Scope
    memory: dict[str, Any]
    """`next`: number of the next item. Of a list `items`, where it can't be had again; of pages what is left of the
    last one (`page`), how many were read (`pages`), and the `cursor` of the next, if there is one."""
    _list: list[JsonValue] = field(default_factory=list)
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def begin(self) -> None:
        """Find out what there is, or was in an earlier run.

        Raises:
            StepFailed: the expression yields no list, or two items have the same name.
        """
        is_fresh = "next" not in self.memory
        self.memory.setdefault("next", 0)
        if self.node.pages is None:
            self._list = self._evaluated()
            if is_fresh:
                await check_names(self.run, self.node, self.step, self.scope, self._list)
        elif is_fresh:
            self.memory.update(page=[], pages=0, cursor=None)

    @property
    def total(self) -> int | None:
        """How many there are; None as long as that is not known."""
        if self.node.pages is None:
            return len(self._list)
        return None if "cursor" in self.memory else self.memory["next"] + len(self.memory["page"])

    @property
    def are_over(self) -> bool:
        """All were handed out."""
        return bool(self.memory["next"] == self.total)

    async def take(self) -> tuple[int, JsonValue] | None:
        """The next item with its number; None when none is at hand: they are over, or an empty page was read.

        Raises:
            StepFailed: the activity that hands them out has failed.
        """
        if self.node.pages is not None:
            async with self._reading:
                if not self.memory["page"] and "cursor" in self.memory:
                    await self._read(self.node.pages)
            if not self.memory["page"]:
                return None
            item = self.memory["page"].pop(0)
        else:
            item = self._list[self.memory["next"]]
        self.memory["next"] += 1
        return self.memory["next"] - 1, item

    def _evaluated(self) -> list[JsonValue]:
        if "items" in self.memory:
            items: list[JsonValue] = self.memory["items"]
            return items
        template = self.step.for_each
        assert isinstance(template, Template)
        value = self.run.evaluate(template, self.scope, f"{self.node.path}: for_each")
        if not isinstance(value, list):
            error = ExprError("E_TYPE", f"expected a list, found {found(value)}")
            raise expression_failed(error, f"{self.node.path}: for_each")
        if not IMMUTABLE.issuperset(template.roots):
            self.memory["items"] = value
        return value

    async def _read(self, pages: Node) -> None:
        """Read the next page."""
        call, plan = pages.step, pages.plan
        assert isinstance(call, PagingCall)
        assert plan is not None
        number = self.memory["pages"]
        args = positional(self.run, call.args, self.scope, f"{pages.path}: args")
        asked = ActivityCall(
            id=self.run.fresh_id(f"{pages.path}[{number}]"),
            key=f"{self.run.place_key(pages)}[{number}]",
            name=call.activity,
            args=(*args, self.memory["cursor"]),
            summary=call.summary or pages.path,
            task_queue=task_queue(self.run, plan.task_queue, self.scope, pages.path),
            timeouts=plan.timeouts,
            retry=plan.retry,
            cancellation=Cancellation.TRY,
        )
        try:
            page = (await self.run.effects.call_activity(asked)).value
        except StepFailed as failed:
            raise StepFailed(failed.failure.at_step(pages.path)) from failed
        if not (isinstance(page, dict) and isinstance(page.get("items"), list) and "next" in page):
            message = f"expected a page {{items, next}}, found {found(page)}"
            failure = Failure("InvalidResult", message, non_retryable=True, outcome=Outcome.FAILED)
            raise StepFailed(failure.at_step(pages.path))
        items = page["items"]
        await check_names(self.run, self.node, self.step, self.scope, items, self.memory["next"])
        self.memory.update(page=list(items), pages=number + 1)
        if page["next"] is None:
            del self.memory["cursor"]
        else:
            self.memory["cursor"] = page["next"]
