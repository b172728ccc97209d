"""Signals between runs, and children that are only started, on a real server."""

from __future__ import annotations

import pytest
from temporalio import activity
from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateStage,
)
from temporalio.exceptions import ApplicationError

from stepfile import (
    Message,
    create_worker,
    prepare,
    query_status,
    read_text,
    start,
    start_with_update,
)
from tests.support.history import events_of

PARENT = """\
dsl: "1"
name: sender
defaults: {timeouts: {start_to_close: 5s}}
definitions:
  listener:
    signals: {hello: {schema: {type: string}}}
    defaults: {timeouts: {start_to_close: 5s}}
    steps:
      - {id: heard, wait_for: {signal: hello, timeout: 20s}}
      - {activity: tell, args: ["${ steps.heard.result }"]}
    output: ${ steps.heard.result }
steps:
  - id: child
    child_workflow: {definition: listener, wait: started, parent_close_policy: abandon}
  - id: wrong
    signal: {workflow_id: "${ steps.child.result.workflow_id }", name: hello, args: [5]}
  - id: right
    signal: {workflow_id: "${ steps.child.result.workflow_id }", name: hello, args: [you]}
output: ${ steps.child.result }
"""


async def test_a_child_that_is_only_started_lives_on_and_takes_signals(
    client: Client, task_queue: str
) -> None:
    told: list[str] = []

    @activity.defn
    async def tell(word: str) -> None:
        told.append(word)

    async with create_worker(client, [tell], task_queue=task_queue):
        submission = prepare(read_text(PARENT))
        handle = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        started = await handle.result()
        child = client.get_workflow_handle(started["workflow_id"], run_id=started["run_id"])
        assert started["workflow_id"] == f"{task_queue}/child"
        assert await child.result() == "you"
        assert (await query_status(child))["messages"] == {"waiting": [], "refused": {"hello": 1}}
    assert told == ["you"]


NOBODY = """\
dsl: "1"
name: nobody
steps:
  - {id: call, signal: {workflow_id: there-is-no-such-workflow, name: hello}}
"""


async def test_a_signal_to_nobody_fails_by_a_name(client: Client, task_queue: str) -> None:
    async with create_worker(client, [], task_queue=task_queue):
        submission = prepare(read_text(NOBODY))
        handle = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()
    assert isinstance(caught.value.cause, ApplicationError)
    assert caught.value.cause.type == "SignalFailed"
    assert "there-is-no-such-workflow" in caught.value.cause.message


ENTITY = """\
dsl: "1"
name: entity
signals: {end: {}}
vars: {n: 10}
updates: {add: {set: {n: "${ vars.n + payload }"}, result: vars.n}}
steps: [{wait_for: {signal: end}}]
output: ${ vars.n }
"""


async def test_an_update_that_comes_with_the_start_replays(client: Client, task_queue: str) -> None:
    """A replay does not ask again whether it is to be accepted, so that must change nothing."""
    async with create_worker(client, [], task_queue=task_queue, max_cached_workflows=0):
        handle, update = await start_with_update(
            client,
            prepare(read_text(ENTITY)),
            Message("add", 5),
            workflow_id=task_queue,
            task_queue=task_queue,
        )
        assert await update.result() == 15
        await handle.signal("end")
        assert await handle.result() == 15


UPDATED = """\
dsl: "1"
name: updated
signals: {end: {}}
vars: {n: 0}
updates:
  add: {schema: {type: integer}, when: "payload > vars.n", set: {n: "${ payload }"}, result: vars.n}
  never: {until: "false"}
  too_much: {result: "range(10).map(i, range(9000).map(j, 'ääääääääää'))"}
steps: [{wait_for: {signal: end}}]
output: ${ vars.n }
"""


async def test_a_refused_update_costs_no_event_and_an_unanswered_one_fails(
    client: Client, task_queue: str
) -> None:
    async with create_worker(client, [], task_queue=task_queue):
        submission = prepare(read_text(UPDATED))
        handle = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        assert await handle.execute_update("add", 5) == 5
        before = len(await events_of(handle))
        for wrong in (4, "x", float("inf"), b"7"):
            with pytest.raises(WorkflowUpdateFailedError):
                await handle.execute_update("add", wrong)
        assert len(await events_of(handle)) == before
        with pytest.raises(WorkflowUpdateFailedError) as caught:
            await handle.execute_update("too_much")
        assert isinstance(caught.value.cause, ApplicationError)
        assert caught.value.cause.type == "TooLarge"
        pending = await handle.start_update("never", wait_for_stage=WorkflowUpdateStage.ACCEPTED)
        await handle.signal("end")
        assert await handle.result() == 5
        with pytest.raises(WorkflowUpdateFailedError) as caught:
            await pending.result()
    assert isinstance(caught.value.cause, ApplicationError)
    assert caught.value.cause.type == "UpdateNotAnswered"


async def test_a_signal_that_is_no_json_is_dropped(client: Client, task_queue: str) -> None:
    async with create_worker(client, [], task_queue=task_queue):
        submission = prepare(read_text(UPDATED))
        handle = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        for wrong in (float("nan"), {"n": [float("inf")]}, b"\0"):
            await handle.signal("end", wrong)
        assert await handle.execute_update("add", 5) == 5  # it still waits
        await handle.signal("end")
        assert await handle.result() == 5
