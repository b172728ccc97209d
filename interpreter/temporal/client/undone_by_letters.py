"""What runs could not undo may have been undone since, by the redrive of the dead letter of a compensation.

No run is told of that, and the run that had written the letter need not be the latest one. So letters are asked.
"""

from __future__ import annotations

from typing import Any

from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.service import RPCError, RPCStatusCode

from dsl.check import InvalidDefinition
from interpreter.effects import UndoneStatus
from interpreter.letters.orders import Command, Result
from interpreter.letters.status import LetterStatus
from interpreter.letters.summary import LetterSummary
from interpreter.program.compiled import compile_program
from interpreter.program.paths import COMPENSATION_SUFFIX, REPETITION_MARK, compensation_path, enclosing_loops
from interpreter.temporal.client.decoding import translate_decoding_errors
from interpreter.temporal.client.letters.letter_history import read_history
from interpreter.temporal.lineage.undone_run import UndoneRun
from interpreter.temporal.wire.letters import LETTER_TYPE, SUMMARY_KEY, build_id_prefix, build_letter_id
from interpreter.temporal.wire.request import StartRequest
from interpreter.temporal.wire.visibility import quote


class StillRedriving(Exception):
    """A compensation is being redriven now. The message names its letter."""


async def find_undone_by_letters(
    client: Client, described: WorkflowExecutionDescription, told: UndoneRun
) -> dict[str, int]:
    """Find the steps whose compensation a built-in queue has kept and a redrive has carried out.

    Args:
        client: A connection to the namespace of the run.
        described: The latest run under its workflow id, as the server describes it now.
        told: What the run itself tells of what it has undone.

    Returns:
        Path in idempotency keys → how often the effect was undone, counted as `UndoneRun.count` does. What the run
        itself knows of is left out.

    Raises:
        StillRedriving: one is being redriven now.
        LetterProblem: a newer release has written a letter.
        RPCError: the server can't be asked.
        InvalidDefinition: the run was started with what can't be read here.
        Undecodable: what the server has can't be decoded here.
    """
    open_steps = [path for path, record in told.records.items() if record.status is UndoneStatus.NOT_UNDONE]
    try:
        queue = _find_queue(told.request)
    except (InvalidDefinition, KeyError):
        if open_steps:
            raise
        return {}  # a run whose definition is refused has done nothing
    if queue is None:
        return {}
    beginning = f"{build_id_prefix(queue)}{described.id}/"
    query = f"WorkflowType = '{LETTER_TYPE}' AND WorkflowId STARTS_WITH {quote(beginning)}"
    ids = {each.id async for each in client.list_workflows(query)}
    ids |= {build_letter_id(queue, f"{described.id}/{compensation_path(path)}") for path in open_steps}
    found: dict[str, int] = {}
    for letter_id in sorted(ids):
        for path, generation in (await _read_letter(client, described.id, letter_id)).items():
            found[path] = max(found.get(path, 0), _count_undone(path, generation, told))
    return {path: count for path, count in found.items() if count > told.count(path)}


def _count_undone(path: str, generation: int, told: UndoneRun) -> int:
    """Count how often the effect of a step itself was undone, once that was its generation.

    The generation also counts how often the loops around the step were.
    """
    around = sum(max(0, told.count(loop) - told.generation + 1) for loop in enclosing_loops(path))
    return generation - around


def _find_queue(request: StartRequest) -> str | None:
    """The built-in queue that keeps compensations that have failed; None if there is none."""
    definition = compile_program(request.bundle, request.entry).definition
    name = definition.saga.dead_letter
    if name is None or definition.dead_letter_queues[name].activity is not None:
        return None
    return name


async def _read_letter(client: Client, workflow_id: str, letter_id: str) -> dict[str, int]:
    """Read what a letter tells of the effect that its redrive has undone: the path, and the generation."""
    try:
        described = await client.get_workflow_handle(letter_id).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return {}
        raise
    with translate_decoding_errors():
        memo = await described.memo()
    data: dict[str, Any] | None = memo.get(SUMMARY_KEY)
    if data is None:
        return {}
    letter = LetterSummary.from_json({**data, "id": letter_id})
    if letter.workflow_id != workflow_id or not letter.key.endswith(COMPENSATION_SUFFIX):
        return {}
    if letter.moved_to is not None:
        return await _read_letter(client, workflow_id, letter.moved_to)
    if letter.status is LetterStatus.REDRIVING:
        raise StillRedriving(letter_id)
    if not _was_redriven(letter):
        return {}
    handle = client.get_workflow_handle(letter_id, run_id=described.run_id)
    with translate_decoding_errors():
        record = (await read_history(client, handle, letter)).record
    path = letter.key.removeprefix(f"{workflow_id}/").removesuffix(COMPENSATION_SUFFIX)
    return {path: _read_generation(record["idempotency_key"])}


def _was_redriven(letter: LetterSummary) -> bool:
    """Whether a redrive has ended the letter. Earlier orders may be those of a letter before it."""
    done = [each for each in letter.outcomes if each.result is Result.DONE]
    last = max(done, key=lambda each: each.at, default=None)
    return letter.status is LetterStatus.RESOLVED and last is not None and last.command is Command.REDRIVE


def _read_generation(key: str) -> int:
    number = key.removesuffix(COMPENSATION_SUFFIX).rpartition("/")[2].rpartition(REPETITION_MARK)[2]
    return int(number) if number.isdecimal() else 1
