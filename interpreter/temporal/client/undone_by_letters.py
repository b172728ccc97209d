"""What a run could not undo may have been undone since, by the redrive of the dead letter of its compensation."""

from __future__ import annotations

from typing import Any

from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.service import RPCError, RPCStatusCode

from interpreter.effects import UndoneStatus
from interpreter.letters.orders import Command, Result
from interpreter.letters.status import LetterStatus
from interpreter.letters.summary import LetterSummary
from interpreter.program.compiled import compile_program
from interpreter.program.paths import compensation_path
from interpreter.temporal.client.decoding import translate_decoding_errors
from interpreter.temporal.client.letters.source import is_later
from interpreter.temporal.lineage.undone_run import UndoneRun
from interpreter.temporal.wire.letters import SUMMARY_KEY, build_letter_id
from interpreter.temporal.wire.request import decode_arguments


class StillRedriving(Exception):
    """A compensation is being redriven now. The message names its letter."""


async def find_undone_by_letters(
    client: Client, described: WorkflowExecutionDescription, told: UndoneRun
) -> list[str]:
    """Find the steps whose compensation a built-in queue has kept and a redrive has carried out.

    Args:
        client: A connection to the namespace of the run.
        described: The run, as the server describes it now.
        told: What the run itself tells of what it has undone.

    Returns:
        Their paths in idempotency keys.

    Raises:
        StillRedriving: one is being redriven now.
        RPCError: the server can't be asked.
        InvalidDefinition, InvalidRequest, WorkflowTaskRefused: the run was started with what can't be read here.
        Undecodable: what the server has can't be decoded here.
    """
    open_steps = [path for path, record in told.records.items() if record.status is UndoneStatus.NOT_UNDONE]
    queue = await _find_queue(client, described) if open_steps else None
    if queue is None:
        return []
    found: list[str] = []
    for path in open_steps:
        letter_id = build_letter_id(queue, f"{described.id}/{compensation_path(path)}")
        letter = await _read_letter(client, letter_id)
        if letter is None or await is_later(client, described, letter.run_id):
            continue
        if letter.status is LetterStatus.REDRIVING:
            raise StillRedriving(letter_id)
        if letter.status is LetterStatus.RESOLVED and any(
            each.command is Command.REDRIVE and each.result is Result.DONE for each in letter.outcomes
        ):
            found.append(path)
    return found


async def _find_queue(client: Client, described: WorkflowExecutionDescription) -> str | None:
    """The built-in queue that keeps compensations that have failed; None if there is none."""
    handle = client.get_workflow_handle(described.id, run_id=described.run_id)
    first = await anext(handle.fetch_history_events(page_size=1))
    started = first.workflow_execution_started_event_attributes
    with translate_decoding_errors():
        arguments = await client.data_converter.decode(started.input.payloads)
    _, request = decode_arguments(arguments)
    definition = compile_program(request.bundle, request.entry).definition
    name = definition.saga.dead_letter
    if name is None or definition.dead_letter_queues[name].activity is not None:
        return None
    return name


async def _read_letter(client: Client, letter_id: str) -> LetterSummary | None:
    try:
        described = await client.get_workflow_handle(letter_id).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    with translate_decoding_errors():
        memo = await described.memo()
    data: dict[str, Any] | None = memo.get(SUMMARY_KEY)
    return None if data is None else LetterSummary.from_json({**data, "id": letter_id})
