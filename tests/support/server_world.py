"""Run a case on a real server, in real time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle, WorkflowQueryFailedError
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.service import RPCError, RPCStatusCode

from stepfile import SecretSettings, create_worker, prepare, query_status
from tests.support.cases import RunCase
from tests.support.ending import Ending
from tests.support.history import events_of, letters
from tests.support.script import Script
from tests.support.scripted_workflow import build_scripted_workflows
from tests.support.secrets import look_up
from tests.support.sending import split_place
from tests.support.server_breakers import OwnBreakers
from tests.support.server_sending import send_on_server, start_on_server
from tests.support.temporal_activities import build_scripted_activities, load_demo_activities
from tests.support.waiting import until


class MomentMissed(AssertionError):
    """The case was to do something to the run while a step runs, and came too late."""


async def run_on_server(case: RunCase, client: Client, task_queue: str) -> Ending:
    """Run a case with a worker on a task queue of its own; the workflow id is that of the task queue."""
    script = Script({**(case.activities or {}), **case.workflows})
    activities = load_demo_activities() if case.needs_demo_activities else build_scripted_activities(script)
    workflows = build_scripted_workflows(case.workflows)
    submission = prepare(case.document, case.input)
    secrets = SecretSettings(provider=look_up)
    breakers = OwnBreakers.of(client, submission.definition, task_queue)
    async with (
        breakers.serving(),
        create_worker(
            client, activities, workflows=workflows, task_queue=task_queue, secrets=secrets
        ) as worker,
    ):
        breakers.put_into(worker)
        answers = await start_on_server(client, submission, task_queue, case.send)
        handle = client.get_workflow_handle(task_queue)  # the latest of its runs
        begun = partial(_begun, client, handle, script)
        canceller = asyncio.ensure_future(_cancel_on_server(case, handle, begun))
        sender = asyncio.ensure_future(send_on_server(case.send, handle, begun, answers))
        try:
            ending = await _ended_unless(handle, canceller, sender)
        finally:
            canceller.cancel()
        ending.answers = await _wait_for_answers(sender) if case.send else None
        ending.snapshot = await query_status(handle)
        ending.shared_breakers = await breakers.states()
        ending.events = letters(await events_of(handle))
        ending.runs = len([None async for _ in client.list_workflows(f'WorkflowId = "{handle.id}"')])
        if not case.needs_demo_activities:
            ending.calls, ending.arguments = script.calls, script.arguments
        return ending


async def _cancel_on_server(
    case: RunCase, handle: WorkflowHandle[Any, Any], begun: Callable[[str], Awaitable[None]]
) -> None:
    for step, delay in map(split_place, case.cancel):
        await begun(step)
        await until(partial(_is_recorded, handle), f"the history has that {step} runs")
        await asyncio.sleep(delay)
        await handle.cancel()


async def _is_recorded(handle: WorkflowHandle[Any, Any]) -> bool:
    """Tell whether the run has nothing to do: a query may see a step run before the server knows about it."""
    return not (await handle.describe()).raw_description.HasField("pending_workflow_task")


async def _begun(client: Client, handle: WorkflowHandle[Any, Any], script: Script, step: str) -> None:
    await until(partial(_runs, client, handle, step, script), f"{step} runs")


async def _runs(client: Client, handle: WorkflowHandle[Any, Any], path: str, script: Script) -> bool:
    """Tell whether a step runs, in the run itself or in a child of it."""
    pending = [await query_status(handle)]
    while pending:
        here = pending.pop()
        if here.get("child") and here["state"] == "running" and here["step"] != path:
            with suppress(RPCError, WorkflowQueryFailedError):  # it has not begun yet, or is no definition
                pending.append(await query_status(client.get_workflow_handle(here["child"]["workflow_id"])))
        if here.get("step") == path:
            started = here["activity"] not in script.behaviours or here["activity"] in script.calls
            return here["state"] == "running" and started
        pending += [*here.get("steps", []), *([here["compensation"]] if "compensation" in here else [])]
    return False


async def _ended_unless(handle: WorkflowHandle[Any, Any], *acts: asyncio.Future[Any]) -> Ending:
    """Wait until the run has ended, or raise why one of the acts on it failed: the run may wait for that act."""
    ended = asyncio.ensure_future(_ended(handle))
    pending: set[asyncio.Future[Any]] = {ended, *acts}
    while not ended.done():
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for act in done - {ended}:
            if error := act.exception():
                ended.cancel()
                raise MomentMissed(f"the case could not do to the run what it says: {error}") from error
    return ended.result()


async def _wait_for_answers(sender: asyncio.Future[list[Any]]) -> list[Any]:
    try:
        return await asyncio.wait_for(sender, 10)
    except (TimeoutError, RPCError) as error:
        if isinstance(error, RPCError) and error.status != RPCStatusCode.NOT_FOUND:
            raise
        raise MomentMissed("the run has ended before all messages of the case were sent") from None


async def _ended(handle: WorkflowHandle[Any, Any]) -> Ending:
    try:
        return Ending("completed", result=await handle.result())
    except WorkflowFailureError as error:
        if isinstance(error.cause, CancelledError):
            return Ending("cancelled")
        return Ending("failed", error=_error_of(error.cause))


def _error_of(error: BaseException) -> dict[str, Any]:
    assert isinstance(error, ApplicationError)
    shown: dict[str, Any] = error.details[0]["error"]
    assert (shown["type"], shown["message"]) == (error.type, error.message)
    assert error.details[0]["line"] is not None or shown["step"] is None
    return {**shown, "non_retryable": error.non_retryable}
