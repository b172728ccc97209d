"""What a run keeps may be encoded by a codec that only its workers and its starter have."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from temporalio.exceptions import TemporalError

from interpreter.temporal.client.run_problem import RunProblem
from interpreter.temporal.wire.names import TYPE_PREFIX


class DescribedMemo(Protocol):
    """A description of a run or a schedule, as temporalio has it."""

    async def memo(self) -> Mapping[str, Any]:
        """Decode the memo."""
        ...


class Undecodable(RunProblem):
    """The payloads of a run can't be decoded here. The message says why; it is no whole sentence."""


CODEC_HINT = "only a program that connects with the data converter of the run's workers can do this"
"""What to tell whoever wants to send something to such a run."""


@contextmanager
def translate_decoding_errors() -> Generator[None]:
    """Translate what goes wrong while payloads are decoded inside the block; a codec may raise anything.

    Raises:
        Undecodable: the payloads can't be decoded.
        temporalio.exceptions.TemporalError: the server, or the worker, has answered with an error.
    """
    try:
        yield
    except TemporalError:
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


def _explain(error: Exception) -> str:
    text = str(error.args[0]) if error.args else type(error).__name__
    if unknown := re.fullmatch(r"Unknown payload encoding (.*)", text):
        return f'their encoding "{unknown[1]}" is not known here'
    return f"{type(error).__name__}: {text}"
