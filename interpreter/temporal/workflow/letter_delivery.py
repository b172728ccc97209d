"""A record gets into the built-in dead-letter queue: it starts the entity of a letter, or is told to it.

The entity is a child that outlives the run. The server starts it without any worker, also if the run ends in the same
moment, so a record is kept once the start is part of the history.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import VersioningBehavior, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, ChildWorkflowError, WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy

from interpreter.effects import LetterNews
from interpreter.temporal.wire.letters import (
    FAILED_AGAIN_SIGNAL,
    LETTER_TYPE,
    ORDER_SIGNAL,
    RELAY_TYPE,
    RUN_ENDED_SIGNAL,
    build_letter_arguments,
    build_letter_memo,
    build_relay_id,
)
from interpreter.temporal.wire.user_metadata import cut_summary

PAUSE = timedelta(seconds=1)
"""Before the next try, when a letter has ended just now. Part of replay: never change it."""


async def deliver_letter(
    letter_id: str,
    record: Mapping[str, Any],
    summary: str,
    wait_for_room: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Start the entity of a letter. If it is there already, tell it that the effect has failed again.

    The letter may end between the two, so both are tried in turn until one succeeds.

    Args:
        letter_id: The workflow id of the letter.
        record: What has failed.
        summary: What Temporal's UI shows.
        wait_for_room: Waits for a workflow task that has room for the record. For the first try that is done already.
    """
    while not await _start(letter_id, record, summary):
        if wait_for_room is not None:
            await wait_for_room()
        if await _signal(letter_id, FAILED_AGAIN_SIGNAL, record):
            return
        await workflow.sleep(PAUSE, summary=cut_summary(summary))


async def relay_letter(letter_id: str, record: Mapping[str, Any], summary: str) -> None:
    """Let a child deliver a letter, and wait for its end.

    The letter is the child's then. The server counts the children of a run until they have ended, and letters do not
    end for weeks; a run may write more of them than the server takes.
    """
    relay_id = build_relay_id(letter_id)
    while True:
        try:
            await workflow.execute_child_workflow(
                RELAY_TYPE,
                args=[letter_id, dict(record), summary],
                id=relay_id,
                parent_close_policy=ParentClosePolicy.ABANDON,
                cancellation_type=ChildWorkflowCancellationType.ABANDON,
                static_summary=cut_summary(summary),
            )
        except (WorkflowAlreadyStartedError, ChildWorkflowError):
            # There is one of another run, which still waits for a worker; or somebody has terminated this one.
            await workflow.sleep(PAUSE, summary=cut_summary(summary))
        else:
            return


async def tell_letter(letter_id: str, news: LetterNews, message: Mapping[str, Any]) -> None:
    """Tell a letter something, if it is still kept."""
    await _signal(letter_id, _SIGNALS[news], message)


_SIGNALS: Mapping[LetterNews, str] = {"run_end": RUN_ENDED_SIGNAL, "order": ORDER_SIGNAL}


@workflow.defn(name=RELAY_TYPE, sandboxed=False)
class LetterRelay:
    """Delivers one letter."""

    @workflow.run
    async def run(self, letter_id: str, record: dict[str, Any], summary: str) -> None:
        """Starts the letter, or tells it; it has ended when the letter is kept."""
        await deliver_letter(letter_id, record, summary)


@workflow.defn(name=RELAY_TYPE, sandboxed=False, versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class VersionedLetterRelay(LetterRelay):
    """Delivers one letter on workers with versions, of which it always takes the current one."""

    @workflow.run
    async def run(self, letter_id: str, record: dict[str, Any], summary: str) -> None:
        """Does what every relay does."""
        await super().run(letter_id, record, summary)


async def _start(letter_id: str, record: Mapping[str, Any], summary: str) -> bool:
    """Start the entity of a letter; false if there is one."""
    try:
        await workflow.start_child_workflow(
            LETTER_TYPE,
            args=build_letter_arguments(record),
            id=letter_id,
            parent_close_policy=ParentClosePolicy.ABANDON,
            cancellation_type=ChildWorkflowCancellationType.ABANDON,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            memo=build_letter_memo(letter_id, record),
            static_summary=cut_summary(summary),
        )
    except WorkflowAlreadyStartedError:
        return False
    return True


async def _signal(letter_id: str, name: str, message: Mapping[str, Any]) -> bool:
    """Send a signal to a letter; false if it is no more."""
    try:
        await workflow.get_external_workflow_handle(letter_id).signal(name, dict(message))
    except ApplicationError:
        return False
    return True
