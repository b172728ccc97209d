"""What a run keeps may be encoded by a codec that only its workers and its starter have."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from temporalio.client import WorkflowQueryFailedError
from temporalio.exceptions import TemporalError

from interpreter.temporal.client.run_problem import RunProblem
from interpreter.temporal.lineage.lineage import RunGone
from interpreter.temporal.lineage.predecessor import RecordIncomplete
from interpreter.temporal.problem import TemporalProblem
from interpreter.temporal.wire.formats import WorkflowTaskRefused
from interpreter.temporal.wire.names import TYPE_PREFIX
from interpreter.temporal.wire.request import InvalidRequest

NO_STORAGE = "[TMPRL1105]"
"""With this code temporalio begins to say that a payload is stored elsewhere, and that it knows no storage."""


class DescribedMemo(Protocol):
    """A description of a run or a schedule, as temporalio has it."""

    async def memo(self) -> Mapping[str, Any]:
        """Decode the memo."""
        ...


class Undecodable(RunProblem):
    """The payloads of a run can't be decoded here. The message says why; it is no whole sentence."""


ENCODED_FAILURE = "Encoded failure"
"""What temporalio puts into the place of a message that it has encoded."""

UNDECODED = "its message can't be decoded here"
"""What people are told instead."""

CODEC_HINT = (
    "this takes the data converter of the workers: run the command in the project whose pyproject.toml names it, "
    "as data_converter or encryption of [tool.stepfile]"
)
"""What to tell whoever wants to see, or to send, what takes this."""


@contextmanager
def translate_decoding_errors() -> Generator[None]:
    """Translate what goes wrong while payloads are decoded inside the block; a codec may raise anything.

    Raises:
        Undecodable: the payloads can't be decoded.
        temporalio.exceptions.TemporalError: the server, or the worker, has answered with an error.
        InvalidRequest, WorkflowTaskRefused, RunGone, RecordIncomplete: what was decoded can't be used.
    """
    try:
        yield
    except (TemporalError, InvalidRequest, WorkflowTaskRefused, RunGone, RecordIncomplete):
        raise
    except Exception as error:
        raise Undecodable(_explain(error)) from error


async def read_memo(
    described: DescribedMemo, workflow_type: str
) -> tuple[Mapping[str, Any], Undecodable | None]:
    """Read what a memo tells of the definition, and of what was undone.

    Args:
        described: What has the memo.
        workflow_type: The type of the run, which needs no decoding and names the definition.

    Returns:
        The memo, and why all of it but the name can't be decoded here.
    """
    try:
        with translate_decoding_errors():
            return await described.memo(), None
    except Undecodable as error:
        return {"name": workflow_type.removeprefix(TYPE_PREFIX)}, error


def describe_query_failure(error: WorkflowQueryFailedError) -> str:
    """Say why a query has failed. Where failures are encoded, Temporal hands on nothing but a word that says so."""
    if error.message != ENCODED_FAILURE:
        return error.message
    return (
        "the query has failed, and Temporal does not hand on why, because failures are encrypted. Either the "
        "definition has no such query, or its expression has no value now."
    )


def _explain(error: Exception) -> str:
    text = str(error.args[0]) if error.args else type(error).__name__
    if unknown := re.fullmatch(r"Unknown payload encoding (.*)", text):
        return f'their encoding "{unknown[1]}" is not known here'
    if isinstance(error, TemporalProblem):
        return error.message
    if NO_STORAGE in text:
        return "they are in external storage, and no driver for it is configured here"
    return f"{type(error).__name__}: {text}"
