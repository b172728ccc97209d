"""A worker keeps many runs in memory, so what all runs of a definition have is there once, and nothing in vain."""

from __future__ import annotations

import gc
import json

from temporalio import activity
from temporalio.bridge.proto.workflow_activation import InitializeWorkflow
from temporalio.client import Client

from dsl.reading.reader import read_text
from interpreter.temporal.client.start import start
from interpreter.temporal.client.submission import prepare
from interpreter.temporal.plugin import create_worker
from interpreter.temporal.wire.names import STATUS_QUERY
from interpreter.temporal.workflow.admission import _share_texts
from tests.support.waiting import until

REQUEST = json.dumps({"text": 'dsl: "1"\nname: a\nsteps: [{wait: 1s}]\n', "files": {"b": "c"}})


def test_runs_share_the_text_of_their_definition() -> None:
    one, other = json.loads(REQUEST), json.loads(REQUEST)
    assert one["text"] is not other["text"]
    _share_texts(one)
    _share_texts(other)
    assert one == other == json.loads(REQUEST)
    assert one["text"] is other["text"]


@activity.defn
async def book(car: str) -> str:
    """Book a car."""
    return car


WAITING = """\
dsl: "1"
name: waiting
signals: {confirmed: {}}
defaults: {timeouts: {start_to_close: 30s}}
steps:
  - {id: car, activity: book, args: [mini]}
  - {wait_for: {signal: confirmed}}
"""


async def test_a_waiting_run_does_not_keep_the_message_with_which_it_was_started(
    client: Client, task_queue: str
) -> None:
    async with create_worker(client, [book], task_queue=task_queue):
        handle = await start(
            client, prepare(read_text(WAITING)), workflow_id=task_queue, task_queue=task_queue
        )

        async def is_waiting() -> bool:
            status = await handle.query(STATUS_QUERY)
            return bool(status["steps"][1]["state"] == "running")

        await until(is_waiting, "the run waits for its signal")
        gc.collect()
        kept = {each.workflow_id for each in gc.get_objects() if type(each) is InitializeWorkflow}
        await handle.signal("confirmed")
        await handle.result()
    assert task_queue not in kept
