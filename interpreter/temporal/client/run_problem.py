"""Explain to the user what the server refuses to do with a run."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress

from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from dsl.problems.snippet import make_printable
from dsl.scalars.text import is_sendable
from interpreter.temporal.client.refused_times import explain_refused_times
from interpreter.temporal.client.rpc_errors import describe_rpc_error, is_answer_lost
from interpreter.temporal.client.start_options import StartOptions
from interpreter.temporal.problem import TemporalProblem
from interpreter.temporal.wire.names import is_stepfile_type


class RunProblem(TemporalProblem):
    """There is no such run, or nothing can be done with it."""


class UnknownRun(RunProblem):
    """There is no such run, or its retention has ended."""


class AnswerLost(RunProblem):
    """Temporal has not answered, so it is not known whether it has carried out a request."""


@contextmanager
def translate_errors(workflow_id: str) -> Generator[None]:
    """Translate the errors of requests about a run that are made inside the block.

    Raises:
        UnknownRun: there is no such run.
        AnswerLost: the server does not answer.
        RunProblem: the server refuses a request.
    """
    try:
        yield
    except RPCError as error:
        if is_answer_lost(error):
            raise AnswerLost(describe_rpc_error(error)) from error
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise RunProblem(describe_rpc_error(error)) from error
        if "already completed" in error.message:
            raise already_ended(workflow_id) from None
        raise UnknownRun(
            f'there is no run with the id "{make_printable(workflow_id)}"',
            "check the id, the address and the namespace",
        ) from None


@asynccontextmanager
async def translate_start_errors(
    client: Client, workflow_id: str, options: StartOptions
) -> AsyncGenerator[None]:
    """Translate the errors of a start that is made inside the block.

    Args:
        client: The connection.
        workflow_id: The id of the run that is started.
        options: The options of the start, which say what to do about other runs with this id.

    Raises:
        AnswerLost: the server does not answer, so the run may have been started.
        RunProblem: the id is taken, or the server refuses the start.
    """
    try:
        with translate_errors(workflow_id), _translate_refused_cron(options):
            yield
    except AnswerLost as lost:
        raise AnswerLost(
            f"it is not known whether the run was started: {lost.message}",
            "`stepfile list` shows whether it was; a start with an --id of its own could be given again",
        ) from lost
    except WorkflowAlreadyStartedError:
        raise await _explain_taken(client, workflow_id, options) from None


@contextmanager
def _translate_refused_cron(options: StartOptions) -> Generator[None]:
    try:
        yield
    except RPCError as error:
        refused = explain_refused_times(error, [options.cron]) if options.cron else None
        if refused is None:
            raise
        raise RunProblem(*refused) from error


async def _explain_taken(client: Client, workflow_id: str, options: StartOptions) -> RunProblem:
    shown = make_printable(workflow_id)
    with suppress(RPCError):  # it was there a moment ago
        taker = (await client.get_workflow_handle(workflow_id).describe()).workflow_type
        if not is_stepfile_type(taker):
            return RunProblem(
                f'the id "{shown}" is taken by a workflow that is not a run of Stepfile: '
                f"its workflow type is {make_printable(taker)}",
                f"choose another --id; `temporal workflow describe --workflow-id {shown}` shows that workflow",
            )
    if options.id_reuse == "allow-duplicate":
        message = f'a run with the id "{shown}" is running already'
        others = "choose another --id, or cancel that run first"
    else:
        message = f'there is a run with the id "{shown}", and {options.id_reuse} allows no other'
        others = "choose another --id"
    return RunProblem(message, f"`stepfile status {shown}` shows it; {others}")


def check_id(workflow_id: str) -> None:
    """Check that a run can have this id.

    Raises:
        RunProblem: it is empty, or no text that can be sent.
    """
    if not workflow_id:
        raise RunProblem("the id of a run is empty")
    if not is_sendable(workflow_id):
        raise RunProblem(f'"{make_printable(workflow_id)}" can\'t be the id of a run: it is not UTF-8')


def already_ended(workflow_id: str) -> RunProblem:
    """Make the problem that nothing can be done with a run that has ended."""
    return RunProblem(f'the run "{make_printable(workflow_id)}" has ended already')
