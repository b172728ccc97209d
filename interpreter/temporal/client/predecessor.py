"""The run before: what was undone under a workflow id, which the next run under that id must know.

A key of idempotency names one effect. When a run was undone, and another run is started under its id, the effects
that were undone need new keys, and those that were not undone must keep theirs. Temporal gives a new run no trace
of the one before it, so the client looks before it starts (docs/decisions/024-identity-over-runs.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from interpreter.temporal.client.decoding import CODEC_HINT, Undecodable, translate_decoding_errors
from interpreter.temporal.problem import TemporalProblem
from interpreter.temporal.wire.formats import WorkflowTaskRefused
from interpreter.temporal.wire.names import is_stepfile_type
from interpreter.temporal.wire.request import InvalidRequest, StartRequest, decode_arguments
from interpreter.temporal.wire.undone_records import INCOMPLETE, decode_records


class PredecessorProblem(TemporalProblem):
    """What an earlier run under this id has undone can't be read, so a new one might repeat or omit its effects."""


@dataclass(frozen=True, slots=True)
class Predecessor:
    """What the next run under an id must know of the runs before it."""

    generation: int = 1
    """With which generation the keys of undoable steps go on."""
    undone: Mapping[str, int] = field(default_factory=dict[str, int])
    """Path in idempotency keys → how often the effect of a step was undone."""


NONE = Predecessor()


async def find_predecessor(client: Client, workflow_id: str) -> Predecessor:
    """Look what the latest run under an id has undone.

    Raises:
        PredecessorProblem: it can't be read.
    """
    handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id)
    try:
        described = await handle.describe()
        if not is_stepfile_type(described.workflow_type):
            return NONE
        request, attempts = await _read_start(client, handle)
        undone = await _read_undone(described)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return NONE  # there is none, or its retention has ended
        raise
    except Undecodable as error:
        raise PredecessorProblem(
            f"a new run \"{workflow_id}\" can't be started: what the run before it has undone can't be decoded here: "
            f"{error}",
            f"start it under another id; under this one, {CODEC_HINT}",
        ) from None
    except (InvalidRequest, WorkflowTaskRefused) as error:
        raise PredecessorProblem(
            f"a new run \"{workflow_id}\" can't be started: what the run before it has undone can't be read: {error}",
            "start it under another id, or with the version of Stepfile that has started the run before",
        ) from None
    generation = request.state["generation"] if request.state is not None else request.generation
    total = dict(request.undone)
    for path, times in undone.items():
        total[path] = total.get(path, 0) + times
    return Predecessor(generation + attempts, total)


async def _read_start(client: Client, handle: WorkflowHandle[Any, Any]) -> tuple[StartRequest, int]:
    """The request of a run, and how many attempts of the whole workflow before it were undone."""
    first = await anext(handle.fetch_history_events(page_size=1))
    started = first.workflow_execution_started_event_attributes
    with translate_decoding_errors():
        arguments = await client.data_converter.decode(started.input.payloads)
    _, request = decode_arguments(arguments)
    was_undone = started.attempt > 1 and started.continued_failure.HasField("application_failure_info")
    return request, started.attempt - 1 if was_undone else 0


async def _read_undone(described: WorkflowExecutionDescription) -> dict[str, int]:
    """How often each step was undone, as the memo of the run tells it.

    A compensation that has begun and not ended (`undoing`) may have done its work or not. Its step counts as not
    undone: a service that remembers the key answers that it was undone, which is seen, where a second effect is not.
    """
    with translate_decoding_errors():
        memo = await described.memo()
    if INCOMPLETE in memo:
        raise PredecessorProblem(
            f'a new run "{described.id}" can\'t be started: the run before it has undone more steps than its memo '
            "holds",
            "start it under another id",
        )
    return {path: record.times for path, record in decode_records(memo).items() if record.times}
