"""A start from any language: Temporal's own gRPC call and JSON, as docs/reference/wire-format.md shows it."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload, Payloads, WorkflowType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import StartWorkflowExecutionRequest
from temporalio.client import Client

from stepfile import create_worker, query_status

DEFINITION = """\
dsl: "1"
name: greeting
input: {type: object, required: [name], properties: {name: {type: string}}}
steps: [{return: "hello ${ input.name }"}]
"""


def to_payload(value: Any) -> Payload:
    """What each SDK makes of JSON data."""
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(value).encode())


def compress(texts: dict[str, Any]) -> str:
    """What `compressed` holds."""
    return base64.b64encode(zlib.compress(json.dumps(texts).encode())).decode()


@pytest.mark.parametrize(
    "definition",
    [
        {"text": DEFINITION},
        {"text": DEFINITION, "digest": hashlib.sha256(DEFINITION.encode()).hexdigest()},
        {"compressed": compress({"text": DEFINITION})},
    ],
    ids=["text", "text and digest", "compressed"],
)
async def test_a_run_started_by_a_raw_client(
    definition: dict[str, Any], client: Client, task_queue: str
) -> None:
    request = StartWorkflowExecutionRequest(
        namespace="default",
        workflow_id=task_queue,
        request_id=task_queue,
        workflow_type=WorkflowType(name="stepfile:greeting"),
        task_queue=TaskQueue(name=task_queue),
        input=Payloads(
            payloads=[
                to_payload({"name": "Ada"}),
                to_payload({"format": 1, "definition": definition}),
            ]
        ),
    )
    await client.workflow_service.start_workflow_execution(request)
    run = client.get_workflow_handle(task_queue)
    async with create_worker(client, [], task_queue=task_queue):
        assert await run.result() == "hello Ada"
        assert (await query_status(run))["definition"]["name"] == "greeting"
