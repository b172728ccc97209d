"""Run a case on the fake, in virtual time. Nothing here needs temporalio; only the shipped demo activities do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from dsl.check import check
from dsl.json_schema.inputs import check_input
from interpreter.failure.failure import StepFailed
from interpreter.program.compiled import compile_program
from interpreter.program.model import Bundle
from interpreter.state.run import Run
from interpreter.state.status import take_snapshot
from tests.support.cases import RunCase
from tests.support.ending import Ending
from tests.support.fake_effects import FakeEffects
from tests.support.fake_sending import send_on_fake
from tests.support.script import Script
from tests.support.sending import split_place
from tests.support.virtual_time import run_in_virtual_time
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
    functions = _load_demo_activities() if case.needs_demo_activities else script.activities()
    return run_in_virtual_time(_fake(case, script, functions, force_continue_as_new))


async def _fake(
    case: RunCase, script: Script, functions: dict[str, Callable[..., Any]], force_continue_as_new: bool
) -> Ending:
    program = compile_program(read_bundle(case))
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
    ending.observed = effects.observed
    ending.shared_breakers = effects.breakers.states()
    ending.took = round(loop.time(), 3)
    ending.snapshot = take_snapshot(run)
    if not case.needs_demo_activities:
        ending.calls, ending.arguments = list(script.calls), list(script.arguments)
    return ending


async def _cancel_on_fake(case: RunCase, effects: FakeEffects, work: asyncio.Future[Any]) -> None:
    for step, delay in map(split_place, case.cancel):
        await effects.shown[step].wait()
        await asyncio.sleep(SETTLED + delay)
        if not effects.cancelled:  # the server delivers a second request to nobody
            effects.cancelled = True
            work.cancel()


def read_bundle(case: RunCase) -> Bundle:
    """Read the definition of a case, and the files that belong to it."""
    checked = check(case.document)
    assert not checked.errors, checked.errors
    return Bundle(
        checked.source.text, tuple((name, file.source.text) for name, file in sorted(checked.files.items()))
    )


def _load_demo_activities() -> dict[str, Callable[..., Any]]:
    # here, because the demo activities import temporalio, and all other cases run without it
    from tests.support.temporal_activities import build_fake_demo_activities

    return build_fake_demo_activities()
