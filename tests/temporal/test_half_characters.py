"""JSON can write half of a surrogate pair. Temporal's protocol can't, but that blocks no run, and hides no error."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client

from interpreter.temporal.client.run_handle import RunHandle
from stepfile import create_worker, prepare, read_text

HALF = "a\ud800b"

HEAD = """\
dsl: "1"
name: halves
input: {type: object, required: [text], properties: {text: {type: string}}}
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
steps:
"""


@activity.defn
async def do() -> str:
    return "done"


@activity.defn
async def fail() -> None:
    raise ValueError(HALF)


async def _run(client: Client, task_queue: str, steps: str) -> Any:
    async with create_worker(client, [do, fail], task_queue=task_queue):
        submission = prepare(read_text(HEAD + steps), {"text": HALF})
        run = await RunHandle.start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        return await run.wait_for_ending()


@pytest.mark.parametrize(
    ("steps", "error"),
    [
        ("  - raise: {type: Mine, message: '${ input.text }'}\n", ("Mine", "a?b")),
        ("  - raise: {type: '${ input.text }', message: no}\n", ("a?b", "no")),
        ("  - {id: call, activity: fail}\n", ("ValueError", "a?b")),
    ],
)
async def test_an_error_arrives(client: Client, task_queue: str, steps: str, error: tuple[str, str]) -> None:
    ending = await _run(client, task_queue, steps)
    assert (ending.error["type"], ending.error["message"]) == error


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("  - signal: {workflow_id: '${ input.text }', name: go}\n", "1 to 1000 bytes of text"),
        ("  - {id: call, activity: do, task_queue: '${ input.text }'}\n", "the name of a task queue"),
    ],
)
async def test_a_name_for_the_server_is_refused(
    client: Client, task_queue: str, steps: str, expected: str
) -> None:
    ending = await _run(client, task_queue, steps)
    assert ending.error["type"] == "ExpressionError"
    assert f'expected {expected}, found the text "a?b"' in ending.error["message"]


async def test_an_item_may_have_it_in_its_key(client: Client, task_queue: str) -> None:
    inside = "steps: [{id: call, activity: do}]"
    loop = f"  - {{id: all, for_each: '${{ [input.text] }}', key: '${{ item }}', {inside}}}\n"
    ending = await _run(client, task_queue, loop + "  - return: ${ steps.all.result }\n")
    assert ending.result == ["done"]
