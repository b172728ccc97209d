"""Letters of built-in queues, which Temporal itself keeps. No worker is needed to list and read them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager, suppress
from typing import Any

from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHandle,
)
from temporalio.service import RPCError, RPCStatusCode

from interpreter.letters.orders import Order, Outcome
from interpreter.letters.summary import LetterSummary
from interpreter.temporal.client.decoding import CODEC_HINT, Undecodable, translate_decoding_errors
from interpreter.temporal.client.letters.letter_history import read_history
from interpreter.temporal.client.letters.problem import LetterProblem
from interpreter.temporal.client.letters.store import KEPT, Letter, LetterFilter, UndecodableLetter
from interpreter.temporal.client.rpc_errors import describe_rpc_error
from interpreter.temporal.wire.letters import (
    ID_PREFIX,
    LETTER_TYPE,
    ORDER_SIGNAL,
    SUMMARY_KEY,
    build_id_prefix,
)

LONGEST_START, POLL_INTERVAL = 5.0, 0.05
"""Seconds in which the server starts a letter that goes on under another id, and between two looks whether it has."""

_GOES_ON_ELSEWHERE = (WorkflowExecutionStatus.CONTINUED_AS_NEW, WorkflowExecutionStatus.TERMINATED)
"""How a run of a letter may end whose orders another one has: a reset terminates it, and takes its signals along."""


class TemporalLetters:
    """The letters of all built-in queues of a namespace, as a `LetterStore`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._runs: dict[str, str] = {}
        """Id of an order → the run that it was given to. A new letter may take the id of one that has ended."""

    async def list_letters(self, wanted: LetterFilter) -> AsyncIterator[LetterSummary | UndecodableLetter]:
        """List the letters that fit, and those that can't be decoded here.

        Raises:
            LetterProblem: the server refuses.
        """
        with _translate_errors("the letters"):
            async for each in self._client.list_workflows(_build_query(wanted)):
                try:
                    summary = await _read_summary(each)
                except Undecodable as error:
                    yield UndecodableLetter(each.id, error.message)
                    continue
                if summary is not None and summary.moved_to is None and wanted.fits(summary):
                    yield summary

    async def read_letter(self, letter_id: str) -> Letter:
        """Read a letter, and what it was told that no worker has seen yet.

        Raises:
            LetterProblem: there is no such letter, or it can't be decoded here.
        """
        with _translate_errors(f"the letter {letter_id}"):
            described, summary = await self._describe(letter_id)
            if summary.moved_to is not None:
                await self._wait_for_start(summary.moved_to)
                return await self.read_letter(summary.moved_to)
            return await read_history(self._client, self._get_handle(letter_id, described.run_id), summary)

    async def give_order(self, letter_id: str, order: Order) -> None:
        """Hand an order over; the server keeps it, also while no worker runs.

        Raises:
            LetterProblem: there is no such letter, or it has ended.
        """
        with _translate_errors(f"the letter {letter_id}"):
            described, summary = await self._describe(letter_id)
            if summary.moved_to is not None:
                raise LetterProblem(f"the letter is poison, and is kept as {summary.moved_to}")
            if described.status is not WorkflowExecutionStatus.RUNNING:
                raise LetterProblem(f"the letter has ended: it is {summary.status.value}")
            await self._get_handle(letter_id, described.run_id).signal(ORDER_SIGNAL, order.to_json())
            self._runs[order.id] = described.run_id

    async def find_outcome(self, letter_id: str, order_id: str) -> Outcome | None:
        """What is known by now of an order.

        Raises:
            LetterProblem: there is no such letter, or it was terminated before it has carried out the order.
        """
        with _translate_errors(f"the letter {letter_id}"):
            described, summary = await self._describe(letter_id, self._runs.get(order_id))
            outcome = summary.find_outcome(order_id)
            if outcome is not None and outcome.is_final:
                return outcome
            if described.status in _GOES_ON_ELSEWHERE:
                described, summary = await self._describe(letter_id)
                outcome = summary.find_outcome(order_id)
        is_open = outcome is None or not outcome.is_final
        if is_open and described.status is not WorkflowExecutionStatus.RUNNING:
            raise LetterProblem(
                f"the letter {letter_id} was stopped by Temporal's own means before it had carried out the order"
            )
        return outcome

    async def _describe(
        self, letter_id: str, run_id: str | None = None
    ) -> tuple[WorkflowExecutionDescription, LetterSummary]:
        if not letter_id.startswith(ID_PREFIX):
            raise LetterProblem(
                f"{letter_id} is no letter that Temporal keeps",
                "letters in a database are found in the project whose pyproject.toml names that, as letters_database "
                "of [tool.stepfile]; `stepfile dlq list` shows those that are found here",
            )
        described = await self._get_handle(letter_id, run_id).describe()
        summary = await _read_summary(described) if described.workflow_type == LETTER_TYPE else None
        if summary is None:
            raise LetterProblem(f"{letter_id} is no dead letter", "`stepfile dlq list` shows those that are")
        return described, summary

    async def _wait_for_start(self, letter_id: str) -> None:
        """Wait until a letter is there: the server starts it a moment after its predecessor has told of it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_START):
                while True:
                    if await self._is_there(letter_id):
                        return
                    await asyncio.sleep(POLL_INTERVAL)

    async def _is_there(self, letter_id: str) -> bool:
        try:
            await self._get_handle(letter_id, None).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True

    def _get_handle(self, letter_id: str, run_id: str | None) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(letter_id, run_id=run_id)


def _build_query(wanted: LetterFilter) -> str:
    """What the server can look for; `LetterFilter.fits` does the rest."""
    parts = [f"WorkflowType = '{LETTER_TYPE}'"]
    parts.append(
        "ExecutionStatus = 'Running'"
        if all(each in KEPT for each in wanted.states)
        else "ExecutionStatus IN ('Running', 'Completed')"
    )
    if wanted.queue is not None:
        prefix = build_id_prefix(wanted.queue).replace("\\", "\\\\").replace("'", "\\'")
        parts.append(f"WorkflowId STARTS_WITH '{prefix}'")
    return " AND ".join(parts)


async def _read_summary(execution: WorkflowExecution) -> LetterSummary | None:
    with translate_decoding_errors():
        memo = await execution.memo()
    data = memo.get(SUMMARY_KEY)
    return None if data is None else LetterSummary.from_json({**data, "id": execution.id})


@contextmanager
def _translate_errors(what: str) -> Generator[None]:
    """
    Raises:
        LetterProblem: the server has refused, or what it has can't be decoded here.
    """
    try:
        yield
    except Undecodable as error:
        raise LetterProblem(f"{what} can't be decoded here: {error}", CODEC_HINT) from None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise LetterProblem(
                f"there is no {what.removeprefix('the ')}, or it has just ended",
                "`stepfile dlq list` shows those that are kept",
            ) from None
        raise LetterProblem(describe_rpc_error(error)) from error
