"""The entity of one dead letter: it keeps the letter, obeys orders, and starts the runs of redrives.

What is told by signals waits in one row, and so does the end of a redrive. The letter goes from state to state by
the pure functions of `interpreter.letters.transitions`; here is what Temporal has to do meanwhile:

- A redrive is a child that goes on when the letter is terminated (its work is idempotent, and must not break off).
- A letter that becomes poison starts an entity under another id, which keeps it from then on.
- A letter that has ended closes its workflow, unless the effect has failed again in the meantime.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

from temporalio import workflow
from temporalio.common import RawValue, VersioningBehavior, WorkflowIDReusePolicy
from temporalio.exceptions import ChildWorkflowError, FailureError, WorkflowAlreadyStartedError

from interpreter.letters.letter import LetterState, Redrive
from interpreter.letters.orders import Order, RedriveMode
from interpreter.letters.run_end import RunEnd
from interpreter.letters.status import LetterStatus
from interpreter.letters.transitions import (
    RedriveEnd,
    RedriveResult,
    end_redrive,
    end_run,
    fail_again,
    move,
    open_letter,
    refuse_redrive,
    take_order,
)
from interpreter.temporal.entities.letter_details import describe_letter
from interpreter.temporal.entities.letter_events import LetterObservation
from interpreter.temporal.entities.redrive_end import read_redrive_end
from interpreter.temporal.wire.formats import WorkflowTaskRefused, check_format
from interpreter.temporal.wire.letters import (
    FAILED_AGAIN_SIGNAL,
    LETTER_TYPE,
    ORDER_SIGNAL,
    RUN_ENDED_SIGNAL,
    SUMMARY_KEY,
    build_letter_arguments,
    build_poison_id,
)
from interpreter.temporal.wire.redrive_run import build_redrive_options, explain_taken_id
from interpreter.temporal.wire.user_metadata import cut_summary

MOST_EVENTS = 2_000
"""It continues as new after so many events, between two redrives. Part of replay: never change it."""

Step: TypeAlias = Callable[[LetterState, datetime], LetterState]
"""What becomes of the letter, at a time."""


@workflow.defn(name=LETTER_TYPE, sandboxed=False)
class LetterEntity:
    """Keeps one letter."""

    @workflow.init
    def __init__(self, record: dict[str, Any], kept: dict[str, Any]) -> None:
        """Takes what has failed, and where another run of the entity has stopped."""
        self._inbox: deque[Step] = deque()
        self._observation = LetterObservation()
        self._published: Any = workflow.memo_value(SUMMARY_KEY, None)
        self._redrive: asyncio.Task[None] | None = None
        self._problem: WorkflowTaskRefused | None = None
        try:
            self._state = _read_start(workflow.info().workflow_id, record, kept)
        except WorkflowTaskRefused as problem:
            self._problem = problem

    @workflow.run
    async def run(self, record: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
        """Waits for what is told, until the letter has ended; returns the letter in short."""
        if self._problem is not None:
            raise self._problem
        self._publish()
        while True:
            await workflow.wait_condition(lambda: bool(self._inbox) or self._must_continue_as_new())
            if not self._inbox:
                workflow.continue_as_new(
                    args=build_letter_arguments(self._state.record, self._state.to_json())
                )
            while self._inbox:
                await self._take(self._inbox.popleft())
            if self._state.status.has_ended or self._state.is_elsewhere:
                return self._state.summarize().to_json()

    @workflow.signal(name=FAILED_AGAIN_SIGNAL)
    def hear_failure(self, record: dict[str, Any]) -> None:
        """The effect has failed again."""
        _check_record(record)
        self._inbox.append(lambda state, _: fail_again(state, record))

    @workflow.signal(name=RUN_ENDED_SIGNAL)
    def hear_end_of_run(self, message: dict[str, Any]) -> None:
        """The run that has written the letter has ended."""
        end = RunEnd.from_json(message)
        self._inbox.append(lambda state, _: end_run(state, end))

    @workflow.signal(name=ORDER_SIGNAL)
    def hear_order(self, message: dict[str, Any]) -> None:
        """Somebody has ordered something; what can't be read is logged and dropped, and so has no outcome."""
        try:
            order = Order.from_json(message)
        except Exception as error:
            with suppress(Exception):  # a handler of the user's that fails must not block the letter
                workflow.logger.warning("an order can't be read: %s: %s", type(error).__name__, error)
            return
        self._inbox.append(lambda state, now: take_order(state, order, now))

    async def _take(self, step: Step) -> None:
        """Go to the next state, and do what it asks for."""
        before, self._state = self._state, step(self._state, workflow.now())
        if self._state.status is LetterStatus.POISON and self._state.moved_to is None:
            moved_to = build_poison_id(self._state.id, workflow.now())
            self._state = move(self._state, moved_to)
            self._publish()
            await self._hand_over(moved_to)
        self._publish()
        self._observation.tell(before, self._state)
        redrive = self._state.redrive
        if redrive is not None and self._redrive is None:
            self._redrive = asyncio.create_task(self._run_redrive(redrive))

    def _publish(self) -> None:
        """Write what has changed into the memo, where it is read without a worker."""
        summary = self._state.summarize()
        shown = summary.to_json()
        if shown != self._published:
            self._published = shown
            workflow.upsert_memo({SUMMARY_KEY: shown})
        workflow.set_current_details(describe_letter(summary))

    async def _hand_over(self, moved_to: str) -> None:
        """Let another entity keep the letter, so that this id is free for the next failure."""
        moved = replace(self._state, id=moved_to)
        with suppress(WorkflowAlreadyStartedError):  # a reset of this workflow has done it before
            await workflow.start_child_workflow(
                LETTER_TYPE,
                args=build_letter_arguments(moved.record, moved.to_json()),
                id=moved_to,
                memo={SUMMARY_KEY: moved.summarize().to_json()},
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=cut_summary(f"poison: {moved.record['key']}"),
            )

    async def _run_redrive(self, redrive: Redrive) -> None:
        self._inbox.append(await _run(redrive))
        self._redrive = None

    def _must_continue_as_new(self) -> bool:
        info = workflow.info()
        is_long = info.is_continue_as_new_suggested() or info.get_current_history_length() >= MOST_EVENTS
        return is_long and self._redrive is None


@workflow.defn(name=LETTER_TYPE, sandboxed=False, versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class VersionedLetterEntity(LetterEntity):
    """Keeps one letter on workers with versions, of which it always takes the current one: it may outlive them."""

    @workflow.run
    async def run(self, record: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
        """Does what every letter does."""
        return await super().run(record, kept)


async def _run(redrive: Redrive) -> Step:
    """Run what a redrive runs, to its end.

    Returns:
        What becomes of the letter then.
    """
    start = redrive.start
    try:
        child = await workflow.start_child_workflow(
            start.workflow_type,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            id_reuse_policy=_ID_REUSE[start.mode],
            memo=start.memo,
            result_type=RawValue,
            **build_redrive_options(redrive),
        )
    except WorkflowAlreadyStartedError:
        return lambda state, now: refuse_redrive(state, _explain_refusal(redrive), now)
    except FailureError as error:
        why = f"the server has refused the start of its run: {error.message}"
        return lambda state, now: refuse_redrive(state, why, now)
    try:
        await child
    except ChildWorkflowError as error:
        end = read_redrive_end(error)
    else:
        end = RedriveEnd(RedriveResult.COMPLETED)
    return lambda state, now: end_redrive(state, end, now)


_ID_REUSE = {
    RedriveMode.STEP: WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    RedriveMode.RUN: WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
}
"""A whole run that has completed under the id of the source meanwhile must not be run again."""


def _explain_refusal(redrive: Redrive) -> str:
    if redrive.start.mode is RedriveMode.STEP:
        return f"an earlier redrive of it still runs as {redrive.workflow_id}; wait until it has ended, or cancel it"
    return explain_taken_id(redrive)


def _read_start(letter_id: str, record: dict[str, Any], kept: dict[str, Any]) -> LetterState:
    """
    Raises:
        WorkflowTaskRefused: a newer release has written it.
    """
    check_format({"first_reader": None, **kept}, f"the letter {letter_id}")
    state: Mapping[str, Any] | None = kept["state"]
    _check_record(record)
    return (
        open_letter(letter_id, record) if state is None else LetterState.from_json(letter_id, record, state)
    )


def _check_record(record: Mapping[str, Any]) -> None:
    """
    Raises:
        WorkflowTaskRefused: the record can't be read. It must not be lost: a worker of another release may read it.
    """
    try:
        open_letter("", record).summarize()
    except Exception as error:
        raise WorkflowTaskRefused(
            f"the record of a dead letter can't be read by this worker ({type(error).__name__}: {error}). The letter "
            "goes on as soon as a worker that can read it takes it."
        ) from None
