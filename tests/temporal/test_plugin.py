"""The plugin in workers, clients and replayers of the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.worker import Replayer, Worker

from interpreter.temporal.dev_server.server import DevServer
from stepfile import HttpSettings, StepfilePlugin, create_worker, prepare, read_text, start
from tests.support.scripted_workflow import Mistaken, TakesAll

DEFINITION = """\
dsl: "1"
name: greeting
input: {type: object, required: [name], properties: {name: {type: string}}}
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
steps: [{id: greet, activity: greet, args: ["${ input.name }"]}]
"""


@activity.defn
def greet(name: str) -> str:
    """A plain function: it needs a thread."""
    return f"hello {name}"


@activity.defn(dynamic=True)
async def answer(args: Sequence[RawValue]) -> str:
    return f"{activity.info().activity_type} was called"


async def run_greeting(client: Client, task_queue: str) -> Any:
    submission = prepare(read_text(DEFINITION), {"name": "Ada"})
    run = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
    return await run.result()


async def test_a_worker_with_the_plugin(client: Client, task_queue: str) -> None:
    async with Worker(
        client,
        task_queue=task_queue,
        workflows=[Mistaken],
        activities=[greet],
        plugins=[StepfilePlugin()],
    ):
        assert await run_greeting(client, task_queue) == "hello Ada"
        own = await client.execute_workflow("mistaken", id=f"{task_queue}-own", task_queue=task_queue)
        assert own == "the user's own"


async def test_a_client_with_the_plugin(server: DevServer, task_queue: str) -> None:
    """It holds for all workers of the client, also for two at the same time."""
    client = await Client.connect(server.address, plugins=[StepfilePlugin()])
    async with Worker(client, task_queue=f"{task_queue}-2", activities=[greet]):
        async with Worker(client, task_queue=task_queue, activities=[greet]):
            assert await run_greeting(client, task_queue) == "hello Ada"
        assert await run_greeting(client, f"{task_queue}-2") == "hello Ada"


async def test_client_and_worker_with_the_plugin(server: DevServer, task_queue: str) -> None:
    client = await Client.connect(server.address, plugins=[StepfilePlugin()])
    async with create_worker(client, [greet], task_queue=task_queue):
        assert await run_greeting(client, task_queue) == "hello Ada"
    with pytest.raises(ValueError, match="give the `http` settings to that one"):
        create_worker(client, [greet], task_queue=task_queue, http=HttpSettings())


async def test_a_dynamic_activity_of_the_user(client: Client, task_queue: str) -> None:
    """It takes the calls of activities that the worker does not have, in place of ours."""
    async with create_worker(client, [answer], task_queue=task_queue):
        assert await run_greeting(client, task_queue) == "greet was called"


async def test_a_replayer_with_the_plugin(client: Client, task_queue: str) -> None:
    async with create_worker(client, [greet], task_queue=task_queue):
        await run_greeting(client, task_queue)
    history = await client.get_workflow_handle(task_queue).fetch_history()
    await Replayer(workflows=[], plugins=[StepfilePlugin()]).replay_workflow(history)
    with pytest.raises(ValueError, match="dynamic workflow"):
        Replayer(workflows=[TakesAll], plugins=[StepfilePlugin()])
