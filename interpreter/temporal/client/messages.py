"""Messages to a run, and questions: checked against the definition that travels with it before they are sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateHandle,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from interpreter.messages.declared import Kind, check_message
from interpreter.state.inbox import Message
from interpreter.temporal.client.decoding import (
    CODEC_HINT,
    Undecodable,
    describe_query_failure,
    translate_decoding_errors,
)
from interpreter.temporal.client.queue_workers import QueueWorkers, find_workers
from interpreter.temporal.client.run_definition import fetch_program
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.run_problem import RunProblem, translate_errors, translate_start_errors
from interpreter.temporal.client.silence import (
    ANSWER_TIMEOUT,
    describe_missing_workers,
    explain_silence,
)
from interpreter.temporal.client.start import start_with_update
from interpreter.temporal.client.start_options import StartOptions
from interpreter.temporal.client.submission import Submission


async def send_signal(run: RunHandle, signal: Message) -> None:
    """Send a signal, if the run takes it: it would tell nobody but its log that it does not.

    Raises:
        MessageRefused: it does not; nothing was sent.
        RunProblem: there is no such run, or it has ended.
    """
    await _check(run, "signal", signal)
    with translate_errors(run.id):
        await run.handle.signal(signal.name, signal.payload)


async def send_update(run: RunHandle, update: Message, *, waiting: Callable[[str], object]) -> Any:
    """Send an update, and wait for its answer.

    Args:
        waiting: Is told when no worker is there to answer.

    Raises:
        MessageRefused: the run does not take it; nothing was sent.
        RunProblem: there is no such run, it has ended, it refuses the update, or has no answer.
    """
    info = await _check(run, "update", update)
    workers = await find_workers(run.client, info.task_queue)
    if not workers.find_takers(info):
        waiting(describe_missing_workers(workers, info))
    with translate_update_errors(), translate_errors(run.id), translate_decoding_errors():
        # temporalio has overloads for `args` without their types.
        return await run.handle.execute_update(update.name, update.payload)  # pyright: ignore[reportUnknownMemberType]


async def start_and_update(
    client: Client,
    submission: Submission,
    update: Message,
    *,
    workflow_id: str | None,
    task_queue: str,
    options: StartOptions,
    waiting: Callable[[str], object],
) -> tuple[RunHandle, WorkflowUpdateHandle[Any]]:
    """Start a run and send it an update, or only send it to the run that there is.

    Args:
        waiting: Is told when no worker is there to answer.

    Raises:
        MessageRefused: the definition does not take the update; nothing was sent.
        RunProblem: the id is taken, or the server refuses.
    """
    workers = await find_workers(client, task_queue)
    if not workers.find_takers(None):
        waiting(describe_missing_workers(workers))
    with translate_update_errors():
        async with translate_start_errors(client, workflow_id or submission.definition.name, options):
            handle, sent = await start_with_update(
                client, submission, update, workflow_id=workflow_id, task_queue=task_queue, options=options
            )
    return RunHandle(client, handle), sent


async def wait_for_answer(update: WorkflowUpdateHandle[Any]) -> Any:
    """Wait for it.

    Raises:
        RunProblem: the run refuses the update, or has no answer.
    """
    with translate_update_errors(), translate_errors(update.workflow_id), translate_decoding_errors():
        return await update.result()


async def ask(run: RunHandle, query: str) -> Any:
    """The answer of a worker to a query; a run that has ended has one, too.

    Raises:
        RunProblem: there is no such run, no worker answers, or there is no answer.
    """
    info = await run.describe()
    workers = QueueWorkers(info.task_queue)
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            workers = await find_workers(run.client, info.task_queue)
            if workers.pollers:
                with translate_decoding_errors():
                    return await run.handle.query(query)
    except WorkflowQueryFailedError as error:
        raise RunProblem(describe_query_failure(error)) from None
    except Undecodable as error:
        raise _undecodable_answer(error) from None
    except (RPCError, TimeoutError):  # no worker took it; that the server answers, `describe` has shown
        pass
    raise RunProblem(explain_silence(info, workers))


async def _check(run: RunHandle, kind: Kind, message: Message) -> WorkflowExecutionDescription:
    """Whether the run takes it; what the server knows of the run."""
    info = await run.describe_running()
    program = await fetch_program(run, "the message can't be checked")
    if program is not None:
        check_message(program.definition, kind, message.name, message.payload)
    return info


def _undecodable_answer(why: Undecodable) -> RunProblem:
    return RunProblem(f"the answer can't be decoded here: {why}", CODEC_HINT)


@contextmanager
def translate_update_errors() -> Generator[None]:
    """What a run says to an update instead of an answer, by its name."""
    try:
        yield
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        kind = cause.type if isinstance(cause, ApplicationError) else type(cause).__name__
        raise RunProblem(f"{kind}: {getattr(cause, 'message', cause)}") from None
    except Undecodable as error:
        raise _undecodable_answer(error) from None
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        if isinstance(error.__cause__, asyncio.CancelledError):
            raise asyncio.CancelledError from None
        raise RunProblem("there was no answer in time; the run may still carry out the update") from None
