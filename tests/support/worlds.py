"""Run a case: on the fake in virtual time, or on a real server in real time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle, WorkflowQueryFailedError
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.service import RPCError

from definitions import activities as demo
from dsl.json_schema.inputs import check_input
from dsl.scalars.duration import parse_duration
from interpreter.client import create_worker, prepare, query_status
from interpreter.failure.failure import StepFailed
from interpreter.program.compiler import compile_program
from interpreter.state.run import Run
from interpreter.state.status import take_snapshot
from interpreter.temporal.worker.activities import get_activity_name, load_activities
from tests.support.cases import RunCase
from tests.support.ending import Ending
from tests.support.fake_effects import FakeEffects
from tests.support.history import events_of, letters
from tests.support.script import Script
from tests.support.scripted_workflow import build_scripted_workflows
from tests.support.sending import send_on_fake, send_on_server, start_on_server
from tests.support.virtual_time import run_in_virtual_time
from tests.support.waiting import until
from tests.support.whole_run import WholeRun

SETTLED = 0.5
"""Seconds that a step has run when a case asks the run to stop (virtual; real runs wait for the state)."""


def run_on_fake(case: RunCase, *, force_continue_as_new: bool = False) -> Ending:
    """Run a case in virtual time.

    Args:
        case: The case.
        force_continue_as_new: Whether it continues as new wherever it can.
    """
    script = Script({**(case.activities or {}), **case.workflows})
    functions = script.activities() if case.activities is not None else _demo_activities()
    return run_in_virtual_time(_fake(case, script, functions, force_continue_as_new))


async def run_on_server(case: RunCase, client: Client, task_queue: str) -> Ending:
    script = Script({**(case.activities or {}), **case.workflows})
    functions = script.activities() if case.activities is not None else _demo_activities()
    submission = prepare(case.document, case.input)
    activities, workflows = list(functions.values()), build_scripted_workflows(case.workflows)
    async with create_worker(client, activities, workflows=workflows, task_queue=task_queue):
        answers = await start_on_server(client, submission, task_queue, case.send)
        handle = client.get_workflow_handle(task_queue)  # whichever of its runs goes on
        begun = partial(_begun, client, handle, script)
        canceller = asyncio.ensure_future(_cancel_on_server(case, handle, begun))
        sender = asyncio.ensure_future(send_on_server(case.send, handle, begun, answers))
        try:
            ending = await _ended(handle)
        finally:
            canceller.cancel()
        ending.answers = await asyncio.wait_for(sender, 10) if case.send else None
        ending.snapshot = await query_status(handle)
        ending.events = letters(await events_of(handle))
        ending.runs = len([None async for _ in client.list_workflows(f'WorkflowId = "{handle.id}"')])
        if case.activities is not None:
            ending.calls, ending.arguments = script.calls, script.arguments
        return ending


def _demo_activities() -> dict[str, Callable[..., Any]]:
    return {get_activity_name(function) or "": function for function in load_activities([demo.__name__])}


async def _fake(
    case: RunCase, script: Script, functions: dict[str, Callable[..., Any]], force_continue_as_new: bool
) -> Ending:
    program = compile_program(prepare(case.document, case.input).bundle)
    data, problems = check_input(program.definition.input, case.input)
    assert not problems
    effects = FakeEffects(functions, force_continue_as_new=force_continue_as_new)
    whole = WholeRun(Run(program, effects, data))
    loop = asyncio.get_running_loop()
    sender = asyncio.ensure_future(
        send_on_fake(case.send, effects, whole)
    )  # what comes along is there at first
    work = asyncio.ensure_future(whole.execute())
    canceller = asyncio.ensure_future(_cancel_on_fake(case, effects, work))
    ending = Ending("completed")
    try:
        ending.result = await work
    except StepFailed as failed:
        ending = Ending("failed", error=failed.failure.to_json())
    except asyncio.CancelledError:
        ending = Ending("cancelled")
    run = whole.run
    assert run.status == ending.status
    await asyncio.sleep(0)
    assert canceller.done(), f"never came to all of {case.cancel}"
    ending.answers = await asyncio.wait_for(sender, 1) if case.send else None
    sender.cancel()
    ending.runs = whole.runs
    ending.took = round(loop.time(), 3)
    ending.snapshot = take_snapshot(run)
    if case.activities is not None:
        ending.calls, ending.arguments = list(script.calls), list(script.arguments)
    return ending


async def _cancel_on_fake(case: RunCase, effects: FakeEffects, work: asyncio.Future[Any]) -> None:
    for step, delay in map(_when, case.cancel):
        await effects.shown[step].wait()
        await asyncio.sleep(SETTLED + delay)
        if not effects.cancelled:  # the server delivers a second request to nobody
            effects.cancelled = True
            work.cancel()


async def _cancel_on_server(
    case: RunCase, handle: WorkflowHandle[Any, Any], begun: Callable[[str], Awaitable[None]]
) -> None:
    for step, delay in map(_when, case.cancel):
        await begun(step)
        await asyncio.sleep(delay)
        await handle.cancel()


async def _begun(client: Client, handle: WorkflowHandle[Any, Any], script: Script, step: str) -> None:
    await until(partial(_runs, client, handle, step, script), f"{step} runs")


def _when(cancel: str) -> tuple[str, float]:
    """`STEP`, or `STEP after DURATION`."""
    step, _, delay = cancel.partition(" after ")
    return step, parse_duration(delay).total_seconds() if delay else 0


async def _runs(client: Client, handle: WorkflowHandle[Any, Any], path: str, script: Script) -> bool:
    """Whether a step runs, of the run or of a definition that is its child."""
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
