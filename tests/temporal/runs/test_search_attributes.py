"""Runs write our search attributes where the namespace has them, only when something is wrong, and never in vain."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio import activity
from temporalio.api.enums.v1 import EventType, IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, RemoveSearchAttributesRequest
from temporalio.client import Client, WorkflowFailureError

from interpreter.temporal.client import search_attributes
from interpreter.temporal.client import start as start_module
from interpreter.temporal.client.runs.query import RunQuery
from interpreter.temporal.client.runs.search import find_runs
from interpreter.temporal.client.search_attributes import (
    SearchAttributesProblem,
    ask_for_search_attributes,
    find_search_attributes,
    register_search_attributes,
)
from interpreter.temporal.dev_server.server import DevServer, run_dev_server
from interpreter.temporal.wire.request import StartRequest, encode_arguments
from interpreter.temporal.wire.search_attributes import FAILED_STEP, LETTERS, NOT_UNDONE, SEARCH_ATTRIBUTES
from stepfile import ScheduleOptions, create_schedule, create_worker, prepare, read_text, start
from tests.support.history import events_of
from tests.support.waiting import until
from tests.temporal.runs.mixed_runs import ACTIVITIES, Mixed, run_all, search, serve, until_listed

DAY = timedelta(days=1)
NAMES = tuple(SEARCH_ATTRIBUTES)
UPSERT = EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES


@pytest_asyncio.fixture
async def own_server() -> AsyncIterator[DevServer]:
    """A server of this test alone, whose search attributes it may change."""
    async with run_dev_server() as running:
        yield running


async def read_attributes(client: Client, workflow_id: str) -> dict[str, str | None]:
    """What of ours the server knows of a run."""
    found = (await client.get_workflow_handle(workflow_id).describe()).typed_search_attributes
    return {key.name: found.get(key) for key in (FAILED_STEP, NOT_UNDONE, LETTERS) if found.get(key)}


async def list_events(client: Client, workflow_id: str) -> list[str]:
    """The names of all events of a run."""
    return [
        EventType.Name(event.event_type) for event in await events_of(client.get_workflow_handle(workflow_id))
    ]


@pytest.mark.parametrize(
    ("run", "attributes"),
    [
        (Mixed("failed", "late"), {FAILED_STEP.name: "late"}),
        (Mixed("iteration", "loop"), {FAILED_STEP.name: "inner"}),
        (Mixed("undone", "early", undo="works"), {FAILED_STEP.name: "early"}),
        (Mixed("not-undone", "early", undo="fails"), {FAILED_STEP.name: "early", NOT_UNDONE.name: "book"}),
        (Mixed("letter", letter=True), {LETTERS.name: "letters"}),
        (Mixed("healthy", undo="works"), {}),
    ],
    ids=lambda each: each.id if isinstance(each, Mixed) else "",
)
async def test_what_a_run_writes(
    run: Mixed, attributes: dict[str, str], indexed: Client, client: Client, task_queue: str
) -> None:
    """It has one event more for each attribute that it writes, and without the attributes none."""
    async with serve(indexed, task_queue), serve(client, task_queue):
        for each in (indexed, client):
            await run_all(each, task_queue, [Mixed(task_queue, run.fails, run.letter, run.undo)])
    assert await read_attributes(indexed, task_queue) == attributes
    assert await read_attributes(client, task_queue) == {}
    with_attributes = await list_events(indexed, task_queue)
    upserts = [name for name in with_attributes if name == EventType.Name(UPSERT)]
    assert len(upserts) == len(attributes)
    rest = [name for name in with_attributes if name != EventType.Name(UPSERT)]
    assert rest == await list_events(client, task_queue)


PARENT = """\
dsl: "1"
name: parent
definitions:
  child:
    dsl: "1"
    name: child
    steps: [{id: inner, raise: {type: Inner, message: m}}]
steps:
  - {id: nested, child_workflow: {definition: child, workflow_id: "${ run.workflow_id }-child"}}
"""


async def test_children_have_them_too(indexed: Client, task_queue: str) -> None:
    async with create_worker(indexed, [], task_queue=task_queue):
        run = await start(indexed, prepare(read_text(PARENT)), workflow_id=task_queue, task_queue=task_queue)
        with pytest.raises(WorkflowFailureError):
            await run.result()
    assert await read_attributes(indexed, task_queue) == {FAILED_STEP.name: "nested"}
    assert await read_attributes(indexed, f"{task_queue}-child") == {FAILED_STEP.name: "inner"}


@pytest.mark.slow
async def test_a_run_in_many_runs(indexed: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server hands them on to the next run, and so does the request."""
    monkeypatch.setattr(start_module, "StartRequest", partial(StartRequest, continue_as_new_after=1))
    async with serve(indexed, task_queue):
        await run_all(indexed, task_queue, [Mixed(task_queue, "late", letter=True, undo="works")])
    assert await read_attributes(indexed, task_queue) == {FAILED_STEP.name: "late", LETTERS.name: "letters"}
    assert EventType.Name(UPSERT) in await list_events(indexed, task_queue)


@pytest.mark.slow
async def test_a_run_that_goes_on_from_a_state_with_a_letter(
    indexed: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that resumes another one is no continuation to the server, so it writes the attribute itself."""
    monkeypatch.setattr(start_module, "StartRequest", partial(StartRequest, continue_as_new_after=1))
    other = f"{task_queue}-other"
    async with serve(indexed, task_queue):
        await run_all(indexed, task_queue, [Mixed(task_queue, letter=True, undo="works")])
        [first, *_] = await events_of(indexed.get_workflow_handle(task_queue))
        payloads = first.workflow_execution_started_event_attributes.input.payloads
        arguments = await indexed.data_converter.decode(payloads)
        assert arguments[1]["state"]["dead_letters"]
        run = await indexed.start_workflow("stepfile:mixed", args=arguments, id=other, task_queue=task_queue)
        await run.result()
    assert await read_attributes(indexed, other) == {LETTERS.name: "letters"}


async def test_an_attempt_of_the_whole_workflow(indexed: Client, task_queue: str) -> None:
    """Each attempt writes where it has failed."""
    text = """\
dsl: "1"
name: again
retry: {maximum_attempts: 2, initial_interval: 1s}
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
steps:
  - {id: first, activity: fail_once}
  - {id: second, raise: {type: T, message: m, non_retryable: false}}
"""
    calls: list[str] = []

    @activity.defn
    async def fail_once() -> None:
        calls.append("first")
        if len(calls) == 1:
            raise ConnectionError("not yet")

    async with create_worker(indexed, [fail_once], task_queue=task_queue):
        run = await start(indexed, prepare(read_text(text)), workflow_id=task_queue, task_queue=task_queue)
        with pytest.raises(WorkflowFailureError):
            await run.result()
    found = await indexed.get_workflow_handle(task_queue, run_id=run.first_execution_run_id).describe()
    assert found.typed_search_attributes.get(FAILED_STEP) == "first"
    assert await read_attributes(indexed, task_queue) == {FAILED_STEP.name: "second"}


async def test_a_schedule(indexed: Client, task_queue: str, definition: str) -> None:
    submission = prepare(read_text(Mixed("", name=definition).text), {"fails": "late"})
    options = ScheduleOptions(every=(DAY,), paused=True)
    async with serve(indexed, task_queue):
        handle = await create_schedule(
            indexed, submission, options, schedule_id=task_queue, task_queue=task_queue
        )
        await handle.trigger()
        await until_listed_failed(indexed, definition)
    await handle.delete()
    assert [run.failed_at async for run in find_runs(indexed, RunQuery(definition=definition))] == ["late"]


async def until_listed_failed(client: Client, definition: str) -> None:
    """Wait until a run of a definition has failed."""

    async def has_failed() -> bool:
        query = RunQuery(definition=definition, statuses=("failed",))
        return bool([run async for run in find_runs(client, query)])

    await until(has_failed, "the run of the schedule has failed")


async def test_a_client_that_does_not_know_of_them(indexed: Client, task_queue: str, definition: str) -> None:
    """A run of another client writes none. What search attributes can't tell is found by reading the run."""
    failing = Mixed("", "late", letter=True, name=definition)
    arguments = encode_arguments(StartRequest(prepare(read_text(failing.text)).bundle), failing.input)
    async with serve(indexed, task_queue):
        run = await indexed.start_workflow(
            f"stepfile:{definition}", args=arguments, id=task_queue, task_queue=task_queue
        )
        with pytest.raises(WorkflowFailureError):
            await run.result()
    await until_listed(indexed, task_queue, 1)
    assert await read_attributes(indexed, task_queue) == {}

    async def find(query: RunQuery) -> list[str]:
        return (await search(indexed, query, task_queue))[0]

    assert await find(RunQuery(definition=definition, failed_at="late")) == [task_queue]
    assert await find(RunQuery(definition=definition, has_letters=True, unindexed=True)) == [task_queue]


@pytest.mark.slow
async def test_one_that_was_removed_blocks_a_run_until_it_is_back(
    own_server: DevServer, task_queue: str
) -> None:
    """The run is listed as stuck, and goes on as soon as the attribute is registered again."""
    client = await own_server.connect()
    await register_search_attributes(client)
    async with serve(client, task_queue):
        held = prepare(read_text(Mixed("", "late").text), {"fails": "late", "hold": True})
        run = await start(client, held, workflow_id=task_queue, task_queue=task_queue)
        await client.operator_service.remove_search_attributes(
            RemoveSearchAttributesRequest(namespace="default", search_attributes=[FAILED_STEP.name])
        )
        await until_registered(client, NAMES[1:])
        await run.signal("go")

        async def is_stuck() -> bool:
            found = [each async for each in find_runs(client, RunQuery(stuck=True))]
            return any("workers have failed" in reason for each in found for reason in each.stuck)

        await until(is_stuck, "the run is listed as stuck", within=60)
        assert await register_search_attributes(client) == [FAILED_STEP.name]
        with pytest.raises(WorkflowFailureError):
            await run.result()
    assert await read_attributes(client, task_queue) == {FAILED_STEP.name: "late"}


async def until_registered(client: Client, names: tuple[str, ...]) -> None:
    """Wait until the server has these attributes of ours, and no other."""

    async def has_them() -> bool:
        return await ask_for_search_attributes(client) == names

    await until(has_them, f"the server has {', '.join(names)}")


async def test_a_client_asks_once_a_minute(own_server: DevServer, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await own_server.connect()
    assert await find_search_attributes(client) == ()
    await register_search_attributes(client)
    await until_registered(client, NAMES)
    assert await find_search_attributes(client) == ()
    assert await find_search_attributes(await own_server.connect()) == NAMES
    monkeypatch.setattr(search_attributes, "REMEMBERED_FOR", -1.0)
    another = await own_server.connect()
    assert await find_search_attributes(another) == NAMES
    assert await find_search_attributes(another) == NAMES


async def test_a_server_whose_database_is_full(own_server: DevServer, task_queue: str) -> None:
    """SQLite takes ten keywords in all. Runs are started and found without ours."""
    client = await own_server.connect()
    keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
    taken = {f"Mine{number}": keyword for number in range(8)}
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace="default", search_attributes=taken)
    )
    with pytest.raises(SearchAttributesProblem, match=r"can.t be registered: .*Keyword"):
        await register_search_attributes(client)
    assert await ask_for_search_attributes(client) == ()
    async with serve(client, task_queue):
        await run_all(client, task_queue, [Mixed(task_queue, "late")])
    await until_listed(client, task_queue, 1)
    assert (await search(client, RunQuery(failed_at="late"), task_queue))[0] == [task_queue]


async def test_one_of_another_type_is_not_ours(own_server: DevServer) -> None:
    """To write a keyword into it would block the run."""
    client = await own_server.connect()
    text = IndexedValueType.INDEXED_VALUE_TYPE_TEXT
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace="default", search_attributes={LETTERS.name: text})
    )
    with suppress(SearchAttributesProblem):
        await register_search_attributes(client)
    assert LETTERS.name not in await ask_for_search_attributes(client)


async def test_a_request_with_one_that_there_is_not(client: Client, task_queue: str) -> None:
    """It is refused, with what was probably meant."""
    submission = prepare(read_text(Mixed("").text))
    data, request = encode_arguments(StartRequest(submission.bundle), {})
    request["search_attributes"] = ["StepfileLetter"]
    async with create_worker(client, ACTIVITIES, task_queue=task_queue):
        run = await client.start_workflow(
            "stepfile:mixed", args=[data, request], id=task_queue, task_queue=task_queue
        )
        with pytest.raises(WorkflowFailureError) as failed:
            await run.result()
    said = '"StepfileLetter" is no search attribute of Stepfile; did you mean "StepfileLetters"?'
    assert said in str(failed.value.cause)


def test_the_documented_command_names_them_all() -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "find-failed-runs.md"
    told = re.findall(r"--name (\w+) --type Keyword", page.read_text(encoding="utf-8"))
    assert tuple(told) == NAMES
