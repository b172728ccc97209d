"""Runs whose large payloads are in external storage, on a real server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer

from interpreter.temporal.client import start as starting
from interpreter.temporal.client.letters.in_temporal import TemporalLetters
from interpreter.temporal.client.messages import ask
from interpreter.temporal.client.own_predecessor import read_own_predecessor
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.wire.letters import build_letter_id
from interpreter.temporal.wire.request import StartRequest
from interpreter.temporal.wire.storage_limits import MOST_STORED_BYTES
from stepfile import StepfilePlugin, create_worker, prepare, read_text, start
from stepfile.encryption import encrypt_payloads
from tests.support.file_storage import FileStorage, store_large_payloads
from tests.support.history import events_of
from tests.support.waiting import until
from tests.temporal.data.keys import KEYS

LARGE = 3_000_000
"""Bytes. Without external storage nothing of this size can be sent."""

HEAD = """\
dsl: "1"
name: large
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
"""


@activity.defn
async def grow(text: str, size: int) -> str:
    """Return a text of `size` letters that begins as the one that was given ends."""
    return text[-1:] * size


@activity.defn
async def count(*texts: str) -> int:
    return sum(map(len, texts))


@activity.defn
async def undo(text: str) -> None:
    """Nothing."""


ACTIVITIES: list[Callable[..., Any]] = [grow, count, undo]


@pytest.fixture
def storage(tmp_path: Path) -> FileStorage:
    return FileStorage(tmp_path)


@pytest_asyncio.fixture
async def owner(server: DevServer, storage: FileStorage) -> Client:
    """A client that has the storage."""
    return await server.connect(store_large_payloads(storage))


async def begin(client: Client, task_queue: str, steps: str, data: Any = None) -> WorkflowHandle[Any, Any]:
    submission = prepare(read_text(HEAD + steps), data)
    return await start(client, submission, workflow_id=task_queue, task_queue=task_queue)


EVERYWHERE = f"""
signals: {{more: {{}}}}
updates: {{ask: {{result: "${{ input }}"}}}}
definitions:
  child:
    input: {{}}
    defaults: {{timeouts: {{start_to_close: 10s}}}}
    steps: [{{id: grow, activity: grow, args: ["${{ input }}", {LARGE}]}}]
    output: ${{ steps.grow.result }}
steps:
  - {{id: first, activity: grow, args: ["${{ input }}", {LARGE}]}}
  - {{id: near, activity: grow, args: ["${{ steps.first.result }}", 1000000], local: true}}
  - {{id: inner, child_workflow: child, input: "${{ steps.near.result }}"}}
  - {{id: more, wait_for: {{signal: more}}}}
  - {{id: asked, wait_for: {{any: [ask]}}}}
  - {{id: total, activity: count, args: ["${{ steps.inner.result }}", "${{ steps.more.result }}"]}}
output: {{total: "${{ steps.total.result }}", text: "${{ steps.inner.result }}"}}
"""


async def test_whatever_is_large_is_stored(owner: Client, storage: FileStorage, task_queue: str) -> None:
    async with create_worker(owner, ACTIVITIES, task_queue=task_queue):
        run = await begin(owner, task_queue, EVERYWHERE, "x" * LARGE)
        await run.signal("more", "y" * LARGE)
        assert await run.execute_update("ask") == "x" * LARGE
        assert await run.result() == {"total": 2 * LARGE, "text": "x" * LARGE}
    events = await events_of(run)
    assert max(event.ByteSize() for event in events) < 5_000
    assert storage.list_sizes()[-1] > LARGE
    await replay(owner, task_queue)


async def replay(client: Client, name: str) -> None:
    """Replay a run as a worker of the client would."""
    history = await client.get_workflow_handle(name).fetch_history()
    replayer = Replayer(workflows=[], plugins=[StepfilePlugin()], data_converter=client.data_converter)
    await replayer.replay_workflow(history)


COLLECTING = f"""
vars: {{kept: "-", rounds: 0}}
steps:
  - id: rounds
    repeat: {{until: "vars.rounds == 3", maximum_iterations: 5}}
    steps:
      - {{id: grow, activity: grow, args: ["${{ vars.kept }}", {LARGE}]}}
      - {{set: {{kept: "${{ steps.grow.result }}", rounds: "${{ vars.rounds + 1 }}"}}}}
output: ${{ vars.kept }}
"""


@pytest.fixture
def _at_every_checkpoint() -> Iterator[None]:
    """Runs continue as new wherever they can."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starting, "StartRequest", partial(StartRequest, continue_as_new_after=1))
        yield


@pytest.mark.usefixtures("_at_every_checkpoint")
@pytest.mark.slow
async def test_the_state_of_a_run_that_continues(owner: Client, task_queue: str) -> None:
    async with create_worker(owner, ACTIVITIES, task_queue=task_queue):
        run = await begin(owner, task_queue, COLLECTING)
        assert await run.result() == "-" * LARGE
    runs = [each async for each in owner.list_workflows(f'WorkflowId = "{task_queue}"')]
    assert len(runs) > 1
    await replay(owner, task_queue)


ONE = """
steps: [{id: grow, activity: grow, args: ["${ input }", SIZE]}]
output: ${ steps.grow.result }
"""


@pytest.mark.slow
async def test_a_worker_without_the_driver(owner: Client, client: Client, task_queue: str) -> None:
    """Its workflow task fails, and not the run; a worker that has the driver finishes it."""
    async with create_worker(client, ACTIVITIES, task_queue=task_queue):
        run = await begin(owner, task_queue, ONE.replace("SIZE", str(LARGE)), "x" * LARGE)

        async def fails() -> bool:
            return (await run.describe()).raw_description.pending_workflow_task.attempt > 1

        await until(fails, "the workflow task has failed")
    [failure, *_] = [
        event.workflow_task_failed_event_attributes.failure.message
        for event in await events_of(run)
        if event.HasField("workflow_task_failed_event_attributes")
    ]
    assert "externally stored payload(s) but external storage is not configured" in failure
    async with create_worker(owner, ACTIVITIES, task_queue=task_queue):
        assert await run.result() == "x" * LARGE
    await replay(owner, task_queue)
    with pytest.raises(RuntimeError, match="external storage is not configured"):
        await replay(client, task_queue)


@pytest.mark.parametrize(
    ("starts", "size", "message"),
    [
        ("client", LARGE, r"3,000,031 bytes, and at most 2,000,000 fit"),
        ("owner", MOST_STORED_BYTES, r"16,000,031 bytes; at most 16,000,000 fit into external storage"),
    ],
)
async def test_the_bound_stands_in_the_request(
    owner: Client, client: Client, task_queue: str, starts: str, size: int, message: str
) -> None:
    """The worker has the storage in any case."""
    async with create_worker(owner, ACTIVITIES, task_queue=task_queue):
        run = await begin(
            {"owner": owner, "client": client}[starts], task_queue, ONE.replace("SIZE", str(size)), "x"
        )
        with pytest.raises(WorkflowFailureError) as failed:
            await run.result()
    cause = failed.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == "TooLarge"
    assert re.search(message, cause.message), cause.message


async def test_what_is_too_small_to_be_stored_must_fit_into_a_message(owner: Client, task_queue: str) -> None:
    text = "${ steps.grow.result }"
    steps = f"""
steps:
  - {{id: grow, activity: grow, args: [x, 90000]}}
  - {{id: total, activity: count, args: [{", ".join([f'"{text}"'] * 30)}]}}
"""
    async with create_worker(owner, ACTIVITIES, task_queue=task_queue):
        run = await begin(owner, task_queue, steps)
        with pytest.raises(WorkflowFailureError) as failed:
            await run.result()
    assert "which has all payloads below 100,000 bytes" in str(failed.value.cause)


async def test_an_activity_on_a_worker_without_the_driver(
    owner: Client, client: Client, task_queue: str
) -> None:
    """It is tried again, and a worker that has the driver does it."""
    steps = f"""
steps: [{{id: grow, activity: grow, args: [x, {LARGE}], task_queue: {task_queue}-2, retry: {{maximum_attempts: 5}}}}]
"""
    async with create_worker(owner, ACTIVITIES, task_queue=task_queue):
        run = await begin(owner, task_queue, steps)
        async with create_worker(client, ACTIVITIES, task_queue=f"{task_queue}-2"):

            async def fails() -> bool:
                pending = (await run.describe()).raw_description.pending_activities
                return bool(pending) and pending[0].attempt > 1

            await until(fails, "the activity is tried again")
            [pending] = (await run.describe()).raw_description.pending_activities
            assert pending.last_failure.application_failure_info.type == "PayloadsTooLarge"
        async with create_worker(owner, ACTIVITIES, task_queue=f"{task_queue}-2"):
            await run.result()


UNDOING = """
queries: {text: "${ input }"}
steps:
  - id: all
    for_each: [1, 2]
    key: item
    steps: [{id: each, activity: count, args: ["${ input }"], compensate: {activity: undo, args: [x]}}]
  - {raise: {type: Enough, message: "${ input }"}}
"""


@pytest.mark.slow
async def test_even_the_smallest_payload_may_be_stored(
    server: DevServer, client: Client, storage: FileStorage, task_queue: str
) -> None:
    """Memo, headers, errors and answers are read all the same: by the next run under the id, too."""
    converter = encrypt_payloads(lambda: KEYS, store_large_payloads(storage, threshold=0))
    owner = await server.connect(converter)
    run = RunHandle(owner, owner.get_workflow_handle(task_queue))
    async with create_worker(owner, ACTIVITIES, task_queue=task_queue):
        for times in (1, 2):
            handle = await begin(owner, task_queue, UNDOING, "text")
            with pytest.raises(WorkflowFailureError, match="Workflow execution failed") as failed:
                await handle.result()
            assert "Enough: text" in str(failed.value.cause)
            memo = await (await handle.describe()).memo()
            assert memo["undone:all[1]/each"] == {"status": "undone", "times": 1}
            before, _ = await read_own_predecessor(owner, await handle.describe())
            assert before.undone == {"all[1]/each": times, "all[2]/each": times}
        assert await ask(run, "text") == "text"
        assert (await run.take_snapshot()).undone["all[1]/each"] == "undone"
    stranger = RunHandle(client, client.get_workflow_handle(task_queue))
    snapshot = await stranger.take_snapshot()
    assert snapshot.undecodable == "they are in external storage, and no driver for it is configured here"


async def test_details_of_an_error_keep_their_bound(owner: Client, task_queue: str) -> None:
    """An error is told again and again: in the report, in the error of the run, and in that of its parent."""

    @activity.defn
    async def fail(size: int) -> None:
        raise ApplicationError("too much to say", "x" * size, type="Chatty")

    steps = f"""
steps: [{{id: fail, activity: fail, args: [{LARGE}], catch: [{{as: error, result: error}}]}}]
output: ${{ steps.fail.result.details }}
"""
    async with create_worker(owner, [fail], task_queue=task_queue):
        run = await begin(owner, task_queue, steps)
        assert "can't be sent: 3,0" in await run.result()


async def test_a_dead_letter_holds_all_that_storage_has_room_for(owner: Client, task_queue: str) -> None:
    """The bounds of the request decide; a redrive of it is started with as much."""
    steps = f"""
dead_letter_queues: {{kept: {{}}}}
steps:
  - {{id: first, activity: grow, args: [a, {LARGE}]}}
  - {{id: second, activity: grow, args: ["${{ steps.first.result }}", -1, 2], dead_letter: kept}}
"""
    async with create_worker(owner, ACTIVITIES, task_queue=task_queue):
        run = await begin(owner, task_queue, steps)
        with pytest.raises(WorkflowFailureError):
            await run.result()
        letter = await TemporalLetters(owner).read_letter(build_letter_id("kept", f"{task_queue}/second"))
        record = letter.record
        assert record["input"] == ["a" * LARGE, -1, 2]
        assert record["redrive"]["request"]["only"]["steps"]["first"]["result"] == "a" * LARGE
        args = [record["redrive"]["input"], record["redrive"]["request"]]
        again = await owner.start_workflow(
            record["redrive"]["workflow_type"], args=args, id=f"{task_queue}-again", task_queue=task_queue
        )
        with pytest.raises(WorkflowFailureError) as failed:
            await again.result()
        assert isinstance(failed.value.cause, ApplicationError)
        assert failed.value.cause.type == record["error"]["type"]
