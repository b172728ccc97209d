"""Starts that no client of ours would make: refused, or left to another worker."""

from __future__ import annotations

import asyncio
import base64
import json
import zlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError

from interpreter.program.model import Bundle
from interpreter.temporal.wire import formats
from interpreter.temporal.wire.formats import FORMAT, NEWEST_READABLE
from interpreter.temporal.wire.names import FORMER_TYPE
from interpreter.temporal.wire.request import StartRequest, encode_arguments
from stepfile import create_worker, prepare, query_status, read_text, start
from tests.support.history import events_of, letters
from tests.support.scripted_workflow import Mistaken, TakesAll
from tests.support.waiting import until

Run = WorkflowHandle[Any, Any]

DEFINITION = """\
dsl: "1"
name: mistaken
input: {type: object, properties: {n: {type: integer}}}
steps:
  - {id: before, set: {n: 1}}
vars: {n: "${ input.n ?? 0 }"}
"""
TYPE = "stepfile:mistaken"
FOREVER = 'dsl: "1"\nname: forever\nsteps: [{wait: 1h}]\n'


def request_of(text: str = DEFINITION, data: Any = None, **changes: Any) -> list[Any]:
    """The arguments of a start, with some keys of the request changed."""
    arguments = encode_arguments(StartRequest(Bundle(text)), {} if data is None else data)
    arguments[1] |= changes
    return arguments


def definition_of(**changes: Any) -> list[Any]:
    """The arguments of a start, with some keys of the definition changed."""
    arguments = request_of()
    arguments[1]["definition"] = {**arguments[1]["definition"], **changes}
    return arguments


async def refuse(
    client: Client, task_queue: str, arguments: list[Any], workflow_type: str = TYPE
) -> tuple[ApplicationError, dict[str, Any]]:
    """The failure of a run that was refused, and what it says of itself."""
    async with create_worker(client, [], task_queue=task_queue):
        run: Run = await client.start_workflow(
            workflow_type, args=arguments, id=task_queue, task_queue=task_queue
        )
        with pytest.raises(WorkflowFailureError) as failed:
            await run.result()
        told = await query_status(run)
    failure = failed.value.cause
    assert isinstance(failure, ApplicationError)
    assert failure.non_retryable
    assert letters(await events_of(run)) == "failed"
    assert told["status"] == "failed"
    assert told["error"]["message"] == failure.message
    return failure, told


class TestRefused:
    """The run can never begin with what it was given, so it ends."""

    async def test_another_digest(self, client: Client, task_queue: str) -> None:
        failure, _ = await refuse(client, task_queue, definition_of(digest="0" * 64))
        assert failure.type == "InvalidDefinition"
        assert failure.message == "the digest that was sent is not the digest of the text of the definition"

    async def test_an_invalid_definition(self, client: Client, task_queue: str) -> None:
        text = DEFINITION.replace("set:", "sat:").replace("properties", "propertys")
        failure, _ = await refuse(client, task_queue, request_of(text))
        assert failure.type == "InvalidDefinition"
        assert failure.message.startswith("line 5: ")
        details = failure.details[0]
        assert (details["step"], details["line"]) == (None, 5)
        assert details["problems"][0]["line"] == 5

    async def test_an_entry_that_the_bundle_does_not_have(self, client: Client, task_queue: str) -> None:
        failure, _ = await refuse(client, task_queue, definition_of(entry="other"))
        assert failure.type == "InvalidDefinition"
        assert failure.message == 'the bundle has no definition "other"'

    async def test_a_file_of_a_bundle_is_pinned_too(self, client: Client, task_queue: str) -> None:
        text = "definitions: {other: other.yaml}\n" + DEFINITION
        digest = Bundle(text, (("other", DEFINITION),)).digest
        changed = definition_of(text=text, files={"other": DEFINITION + " "}, digest=digest)
        failure, _ = await refuse(client, task_queue, changed)
        assert failure.message == "the digest that was sent is not the digest of the text of the definition"

    async def test_an_invalid_file_of_a_bundle(self, client: Client, task_queue: str) -> None:
        text = "definitions: {other: other.yaml}\n" + DEFINITION
        bundle = Bundle(text, (("other", DEFINITION.replace("set:", "sat:")),))
        failure, _ = await refuse(client, task_queue, encode_arguments(StartRequest(bundle), {}))
        assert failure.type == "InvalidDefinition"
        assert failure.details[0]["problems"][0]["file"] == "other.yaml"

    async def test_text_that_is_no_yaml(self, client: Client, task_queue: str) -> None:
        failure, _ = await refuse(client, task_queue, request_of("steps: [\0"))
        assert failure.type == "InvalidDefinition"

    async def test_invalid_input(self, client: Client, task_queue: str) -> None:
        failure, _ = await refuse(client, task_queue, request_of(data={"n": "one"}))
        assert failure.type == "InvalidInput"
        assert failure.message.startswith("input.n: ")

    async def test_a_type_that_names_another_definition(self, client: Client, task_queue: str) -> None:
        failure, _ = await refuse(client, task_queue, request_of(), "stepfile:order")
        assert failure.type == "InvalidRequest"
        assert failure.message == (
            'the workflow type is "stepfile:order", but this definition needs "stepfile:mistaken"'
        )

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ([], "a run must have two arguments: its input, and the request"),
            ([{}], "a run must have two arguments"),
            ([{}, "text"], "a run must have two arguments"),
            ([{}, {}], "the request of this run has no format number"),
            ([*request_of(), 3], "a run must have two arguments"),
            (request_of(format="1"), "the request of this run has no format number"),
            (request_of(format=True), "the request of this run has no format number"),
            (request_of(format=0), "the request of this run has no format number"),
            (request_of(definition=DEFINITION), "definition must be a map"),
            (
                request_of(repeatible=True),
                '"repeatible" is not a key of the request; did you mean "repeatable"?',
            ),
            (request_of(repeatable="yes"), "repeatable must be true or false"),
            (request_of(generation=True), "generation must be a whole number"),
            (request_of(children={"a": {"undone": []}}), "undone must be a map"),
            (request_of(children={"a": {"undon": {}}}), '"undon" is not a key of children.a'),
            (request_of(limits={"expresions": {}}), '"expresions" is not a key of limits'),
            (
                request_of(limits={"expressions": {"of_patience": 1}}),
                '"of_patience" is not a key of limits.ex',
            ),
            (request_of(limits={"expressions": {"fuel": "much"}}), "fuel must be a whole number"),
            (request_of(state={}), "the state of this run has no format number"),
            (definition_of(text=1), "text must be the YAML text of the definition"),
            (
                definition_of(files={"other": 1}),
                "files must map the name of each further definition to its text",
            ),
            (definition_of(entry=1), "entry must be text"),
            (definition_of(compressed=""), "definition must have either compressed, or text and files"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    async def test_no_request(
        self, arguments: list[Any], message: str, client: Client, task_queue: str
    ) -> None:
        failure, _ = await refuse(client, task_queue, arguments)
        assert failure.type == "InvalidRequest"
        assert failure.message.startswith(message)

    @pytest.mark.parametrize(
        "compressed",
        [
            "no base64",
            base64.b64encode(b"no zlib").decode(),
            base64.b64encode(zlib.compress(b"no json")).decode(),
            base64.b64encode(zlib.compress(b"[]")).decode(),
            base64.b64encode(zlib.compress(json.dumps({"text": DEFINITION}).encode())[:-8]).decode(),
            base64.b64encode(zlib.compress(bytes(40_000_000))).decode(),
        ],
        ids=["base64", "zlib", "json", "map", "cut-off", "bomb"],
    )
    async def test_texts_that_cannot_be_unpacked(
        self, compressed: str, client: Client, task_queue: str
    ) -> None:
        arguments = request_of(definition={"compressed": compressed})
        failure, _ = await refuse(client, task_queue, arguments)
        assert failure.type == "InvalidRequest"
        assert failure.message.startswith("compressed ")

    async def test_an_input_that_is_no_json(self, client: Client, task_queue: str) -> None:
        failure, _ = await refuse(client, task_queue, [b"bytes", request_of()[1]])
        assert failure.type == "InvalidRequest"
        assert failure.message == "the arguments must be JSON, found a payload with the encoding binary/plain"


@pytest.fixture
async def other_worker(client: Client, task_queue: str) -> AsyncIterator[str]:
    """A task queue with a Stepfile worker."""
    async with create_worker(client, [], task_queue=task_queue):
        yield task_queue


async def find_task_failure(run: Run) -> str | None:
    """What the first workflow task of a run failed with, as the history tells it."""
    for event in await events_of(run):
        if event.HasField("workflow_task_failed_event_attributes"):
            return event.workflow_task_failed_event_attributes.failure.message
    return None


async def expect_task_failure(run: Run) -> str:
    """The message of the workflow task that fails; the run goes on."""

    async def has_failed() -> bool:
        return await find_task_failure(run) is not None

    await until(has_failed, "a workflow task fails")
    described = await run.describe()
    assert described.status is WorkflowExecutionStatus.RUNNING
    message = await find_task_failure(run)
    assert message is not None
    return message


class TestLeftToAnotherWorker:
    """This worker can't run it, and another one may: the workflow task fails, never the run."""

    async def test_a_type_that_is_none_of_ours(self, client: Client, other_worker: str) -> None:
        run: Run = await client.start_workflow("Invoice", id=other_worker, task_queue=other_worker)
        assert await expect_task_failure(run) == (
            'this worker has no workflow of the type "Invoice"; the types of definitions begin with "stepfile:". '
            "The run continues as soon as a worker that has this type takes it from the task queue."
        )
        await run.terminate()

    async def test_the_type_of_former_releases(self, client: Client, other_worker: str) -> None:
        run: Run = await client.start_workflow(FORMER_TYPE, {}, id=other_worker, task_queue=other_worker)
        message = await expect_task_failure(run)
        assert message.startswith(
            'runs of the workflow type "stepfile" were started by a release before 0.2.0'
        )
        await run.terminate()

    async def test_a_request_of_a_newer_release(self, client: Client, other_worker: str) -> None:
        arguments = request_of(format=FORMAT + 1, first_reader="0.9.0", whatever="comes")
        run: Run = await client.start_workflow(TYPE, args=arguments, id=other_worker, task_queue=other_worker)
        assert await expect_task_failure(run) == (
            f"the request of this run has the format {FORMAT + 1}, and this worker reads formats up to "
            f"{NEWEST_READABLE}. The run continues as soon as a worker with stepfile 0.9.0 or newer takes it."
        )
        await run.terminate()

    async def test_a_state_of_a_newer_release(self, client: Client, other_worker: str) -> None:
        arguments = request_of(state={"format": 99})
        run: Run = await client.start_workflow(TYPE, args=arguments, id=other_worker, task_queue=other_worker)
        message = await expect_task_failure(run)
        assert message.startswith("the state of this run has the format 99")
        assert message.endswith("a worker with a newer version of stepfile takes it.")
        await run.terminate()

    @pytest.mark.slow
    async def test_it_goes_on_once_a_newer_worker_takes_it(
        self, client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The release that reads format 2 is this one, told that it does."""
        async with create_worker(client, [], task_queue=task_queue):
            run: Run = await client.start_workflow(
                TYPE, args=request_of(format=FORMAT + 1), id=task_queue, task_queue=task_queue
            )
            await expect_task_failure(run)
        monkeypatch.setattr(formats, "NEWEST_READABLE", FORMAT + 1)
        async with create_worker(client, [], task_queue=task_queue):
            await asyncio.wait_for(run.result(), 60)

    async def test_a_workflow_of_the_users_own_beside_it(self, client: Client, task_queue: str) -> None:
        """One that has the name of a definition takes none of its runs, nor does the definition take its."""
        submission = prepare(read_text(DEFINITION), {})
        async with create_worker(client, [], workflows=[Mistaken], task_queue=task_queue):
            ours = await start(client, submission, workflow_id=f"{task_queue}-1", task_queue=task_queue)
            theirs: Run = await client.start_workflow("mistaken", id=f"{task_queue}-2", task_queue=task_queue)
            assert await ours.result() == {"n": 1}
            assert await theirs.result() == "the user's own"


async def test_one_query_finds_the_runs_of_a_definition_and_one_all_of_stepfile(
    client: Client, task_queue: str
) -> None:
    one = prepare(read_text(DEFINITION), {})
    other = prepare(read_text(DEFINITION.replace("name: mistaken", "name: mistaken-too")), {})
    async with create_worker(client, [], task_queue=task_queue):
        for number, submission in enumerate((one, other)):
            run = await start(client, submission, workflow_id=f"{task_queue}-{number}", task_queue=task_queue)
            await run.result()
        foreign: Run = await client.start_workflow("stepfiled", id=f"{task_queue}-2", task_queue=task_queue)

    async def finds(query: str, numbers: list[int]) -> bool:
        listed = client.list_workflows(f'TaskQueue = "{task_queue}" AND {query}')
        return sorted([each.id async for each in listed]) == [f"{task_queue}-{number}" for number in numbers]

    await until(partial(finds, 'WorkflowType = "stepfile:mistaken"', [0]), "the index has the run")
    await until(partial(finds, 'WorkflowType STARTS_WITH "stepfile:"', [0, 1]), "the index has both")
    await foreign.terminate()


async def test_a_worker_with_a_dynamic_workflow_of_its_own_says_so(client: Client, task_queue: str) -> None:
    with pytest.raises(ValueError, match="dynamic"):
        create_worker(client, [], workflows=[TakesAll], task_queue=task_queue)
