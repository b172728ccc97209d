"""What was undone under a workflow id, without regard to children."""

from __future__ import annotations

from dataclasses import replace

from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.service import RPCError, RPCStatusCode

from dsl.check import InvalidDefinition
from interpreter.predecessor import NO_PREDECESSOR, Predecessor
from interpreter.temporal.client.decoding import CODEC_HINT, Undecodable, translate_decoding_errors
from interpreter.temporal.client.letters.problem import LetterProblem
from interpreter.temporal.client.undone_by_letters import StillRedriving, find_undone_by_letters
from interpreter.temporal.lineage.lineage import RunGone
from interpreter.temporal.lineage.predecessor import RecordIncomplete, read_predecessor
from interpreter.temporal.problem import TemporalProblem
from interpreter.temporal.wire.formats import WorkflowTaskRefused
from interpreter.temporal.wire.names import is_stepfile_type
from interpreter.temporal.wire.request import InvalidRequest, StartRequest


class PredecessorProblem(TemporalProblem):
    """What an earlier run under this id has undone can't be read, so a new one might repeat or omit its effects."""


async def read_own_predecessor(
    client: Client, latest: WorkflowExecutionDescription
) -> tuple[Predecessor, StartRequest | None]:
    """Look what was undone under a workflow id.

    Args:
        client: A connection to the namespace.
        latest: The latest run under the id, as the server describes it now.

    Returns:
        The sum, and what that run was started with; None if it is no run of a definition, or is gone.

    Raises:
        PredecessorProblem: it can't be read.
    """
    if not is_stepfile_type(latest.workflow_type):
        return NO_PREDECESSOR, None
    workflow_id = latest.id
    try:
        with translate_decoding_errors():
            before, last = await read_predecessor(client, latest)
        by_letters = await find_undone_by_letters(client, latest, last)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return NO_PREDECESSOR, None  # its retention has ended
        raise
    except Undecodable as error:
        raise PredecessorProblem(
            f"a new run \"{workflow_id}\" can't be started: what the run before it has undone can't be decoded here: "
            f"{error}",
            f"start it under another id; under this one, {CODEC_HINT}",
        ) from None
    except StillRedriving as letter:
        raise PredecessorProblem(
            f'a new run "{workflow_id}" can\'t be started: what the run before it could not undo is being undone '
            f"now, by the redrive of {letter}",
            "wait until that has ended",
        ) from None
    except RecordIncomplete:
        raise PredecessorProblem(
            f'a new run "{workflow_id}" can\'t be started: the run before it has undone more steps than its memo '
            "holds",
            "start it under another id",
        ) from None
    except RunGone as gone:
        raise PredecessorProblem(
            f'a new run "{workflow_id}" can\'t be started: the run before it was reset and does not know what '
            f"was undone before, and the record of run {gone} is gone",
            "start it under another id",
        ) from None
    except (InvalidDefinition, InvalidRequest, LetterProblem, WorkflowTaskRefused) as error:
        raise PredecessorProblem(
            f"a new run \"{workflow_id}\" can't be started: what the run before it has undone can't be read: {error}",
            "start it under another id, or with the version of Stepfile that has started the run before",
        ) from None
    more = {path: count - before.generation + 1 for path, count in by_letters.items()}
    paths = dict.fromkeys((*before.undone, *more))
    undone = {path: max(before.undone.get(path, 0), more.get(path, 0)) for path in paths}
    undone = {path: times for path, times in undone.items() if times > 0}
    return replace(before, undone=undone), last.request
