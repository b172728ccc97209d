"""The rounds of a cron workflow share a workflow id, and nothing else."""

from __future__ import annotations

from functools import partial

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowContinuedAsNewError
from temporalio.exceptions import ApplicationError

from interpreter.temporal.client import start as starting
from interpreter.temporal.wire.request import StartRequest
from interpreter.temporal.workflow import effects
from stepfile import StartOptions, create_worker, prepare, read_text, start
from stepfile.activity import idempotency_key
from tests.support.history import events_of
from tests.support.waiting import until

pytestmark = pytest.mark.slow

TEXT = """\
dsl: "1"
name: rounds
defaults: {timeouts: {start_to_close: 5s}}
steps:
  - {id: first, activity: note, args: [first]}
  - {id: second, activity: note, args: [second]}
"""


@pytest.mark.parametrize("after", [None, 1])
async def test_each_round_begins_anew_and_has_keys_of_its_own(
    client: Client, task_queue: str, after: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it would continue as new, if it were no cron workflow: the server would forget its schedule."""
    monkeypatch.setattr(starting, "StartRequest", partial(StartRequest, continue_as_new_after=after))
    noted: list[tuple[str, str]] = []

    @activity.defn
    async def note(step: str) -> None:
        noted.append((step, idempotency_key()))

    async def two_rounds() -> bool:
        return len(noted) >= 4

    async with create_worker(client, [note], task_queue=task_queue):
        submission = prepare(read_text(TEXT))
        options = StartOptions(cron="@every 1s")
        await start(client, submission, workflow_id=task_queue, task_queue=task_queue, options=options)
        await until(two_rounds, "two rounds")
        await client.get_workflow_handle(task_queue).terminate()
    assert [step for step, _ in noted[:4]] == ["first", "second"] * 2
    rounds = [key.removesuffix(f"/{step}") for step, key in noted[:4]]
    assert rounds[0] == rounds[1] != rounds[2] == rounds[3]
    assert all(name.startswith(f"{task_queue}@20") for name in rounds)


async def test_the_attempts_of_a_round_have_the_same_keys(client: Client, task_queue: str) -> None:
    noted: list[str] = []

    @activity.defn
    async def note(step: str) -> None:
        noted.append(idempotency_key())
        if len(noted) == 2:
            raise ApplicationError("not yet", type="Down")

    async def two_attempts() -> bool:
        return len(noted) >= 4

    retry = "retry: {initial_interval: 2s, maximum_attempts: 2}\n"
    once = TEXT.replace("5s}}", "5s}, retry: {maximum_attempts: 1}}")
    async with create_worker(client, [note], task_queue=task_queue):
        options = StartOptions(cron="@every 1s")
        submission = prepare(read_text(once + retry))
        await start(client, submission, workflow_id=task_queue, task_queue=task_queue, options=options)
        await until(two_attempts, "two attempts of a round")
        await client.get_workflow_handle(task_queue).terminate()
    assert noted[0] == noted[2]
    assert noted[1] == noted[3]


LONG = """\
dsl: "1"
name: rounds
defaults: {timeouts: {start_to_close: 5s}}
steps:
  - {id: all, for_each: range(100), steps: [{activity: note, args: [again]}]}
"""


async def test_a_round_that_is_too_long_fails_by_a_name(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "FULL_EVENTS", 30)

    @activity.defn
    async def note(step: str) -> None: ...

    async with create_worker(client, [note], task_queue=task_queue):
        options, submission = StartOptions(cron="@every 1s"), prepare(read_text(LONG))
        handle = await start(
            client, submission, workflow_id=task_queue, task_queue=task_queue, options=options
        )
        with pytest.raises(WorkflowContinuedAsNewError):  # to the next round
            await handle.result(follow_runs=False)
        await client.get_workflow_handle(task_queue).terminate()
        first = client.get_workflow_handle(task_queue, run_id=handle.first_execution_run_id)
        last = (await events_of(first))[-1].workflow_execution_failed_event_attributes
    assert last.failure.application_failure_info.type == "TooLarge"
    assert "schedule" in last.failure.message
