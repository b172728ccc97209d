"""A letter as its history tells it, which needs no worker: also what no worker has looked at yet is in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle

from interpreter.letters.letter import LetterState
from interpreter.letters.orders import Order
from interpreter.letters.run_end import RunEnd
from interpreter.letters.summary import LetterSummary
from interpreter.letters.transitions import end_run, fail_again, open_letter
from interpreter.temporal.client.letters.problem import LetterProblem
from interpreter.temporal.client.letters.store import Letter
from interpreter.temporal.wire.formats import WorkflowTaskRefused, check_format
from interpreter.temporal.wire.letters import FAILED_AGAIN_SIGNAL, ORDER_SIGNAL, RUN_ENDED_SIGNAL


async def read_history(client: Client, handle: WorkflowHandle[Any, Any], summary: LetterSummary) -> Letter:
    """Read all that is known of a letter.

    Args:
        client: A connection, which decodes payloads as the workers do.
        handle: The workflow of the letter.
        summary: What its memo tells.

    Raises:
        LetterProblem: a newer release has written it.
    """
    events = handle.fetch_history_events()
    started = (await anext(events)).workflow_execution_started_event_attributes
    record, kept = await _decode(client, started.input.payloads)
    try:
        check_format({"first_reader": None, **kept}, f"the letter {summary.id}")
    except WorkflowTaskRefused as newer:
        raise LetterProblem(str(newer)) from None
    state = (
        open_letter(summary.id, record)
        if kept["state"] is None
        else LetterState.from_json(summary.id, record, kept["state"])
    )
    records, orders = [record], list[Order]()
    async for event in events:
        if event.event_type != EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
            continue
        told = event.workflow_execution_signaled_event_attributes
        if told.signal_name not in (FAILED_AGAIN_SIGNAL, RUN_ENDED_SIGNAL, ORDER_SIGNAL):
            continue
        (message,) = await _decode(client, told.input.payloads)
        match told.signal_name:
            case name if name == FAILED_AGAIN_SIGNAL:
                state = fail_again(state, message)
                records += [message] if state.record is message else []
            case name if name == RUN_ENDED_SIGNAL:
                state = end_run(state, RunEnd.from_json(message))
            case _:
                orders.append(Order.from_json(message))
    return Letter(
        summary=replace(summary, revision=state.revision, undone=state.is_undone),
        record=state.record,
        earlier=tuple(records[:-1]),
        run_end=state.run_end,
        waiting=tuple(each for each in orders if summary.find_outcome(each.id) is None),
    )


async def _decode(client: Client, payloads: Sequence[Payload]) -> list[Any]:
    return await client.data_converter.decode(payloads)
