"""Read the definition that travels with a run, before the run is sent something.

Who can't decode the definition has not the data converter of the workers of the run. What it would send could stop
them, and what they answer could not be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dsl.check import InvalidDefinition
from dsl.problems.snippet import make_printable
from interpreter.program.compiled import compile_program
from interpreter.program.model import Program
from interpreter.temporal.client.decoding import CODEC_HINT, Undecodable, translate_decoding_errors
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.run_problem import RunProblem, translate_errors
from interpreter.temporal.wire.formats import WorkflowTaskRefused
from interpreter.temporal.wire.request import InvalidRequest, decode_arguments


async def require_decodable(run: RunHandle, so: str) -> Sequence[Any]:
    """Check that what the run was started with can be decoded here.

    Args:
        run: The run.
        so: What follows if it can't be decoded: `the message can't be checked`.

    Returns:
        The arguments that the run was started with.

    Raises:
        RunProblem: there is no such run, or its definition can't be decoded here. The text says that nothing was
            sent.
    """
    with translate_errors(run.id):
        started = await anext(run.handle.fetch_history_events(page_size=1))
    payloads = started.workflow_execution_started_event_attributes.input.payloads
    try:
        with translate_decoding_errors():
            return await run.client.data_converter.decode(payloads)
    except Undecodable as error:
        raise RunProblem(
            f"nothing was sent: the definition of the run {make_printable(run.id)} can't be decoded here, so {so}: "
            f"{error}",
            CODEC_HINT,
        ) from None


async def fetch_program(run: RunHandle, so: str) -> Program | None:
    """Read the definition that the run was started with.

    Args:
        run: The run.
        so: What follows if it can't be decoded here, as for `require_decodable`.

    Returns:
        The definition, compiled; None if it is one that this version does not understand.

    Raises:
        RunProblem: there is no such run, or its definition can't be decoded here.
    """
    arguments = await require_decodable(run, so)
    try:
        _, request = decode_arguments(arguments)
        return compile_program(request.bundle, request.entry)
    except (InvalidRequest, WorkflowTaskRefused, InvalidDefinition, KeyError):
        return None
