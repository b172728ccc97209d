"""What Temporal's UI shows of a run: descriptions, items by their keys, null as null, and nothing that is over."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from temporalio import activity
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowHandle

from dsl.reading.reader import read_text
from interpreter.temporal.client.start import start
from interpreter.temporal.client.submission import prepare
from interpreter.temporal.plugin import create_worker


@activity.defn
async def charge(order: str) -> None:
    """Return nothing."""


LONG_KEY = "k" * 1000
DEFINITION = f"""\
dsl: "1"
name: shop
description: |
  Charge **all** orders.
defaults: {{timeouts: {{start_to_close: 30s}}}}
definitions:
  ship:
    description: Ships one order.
    steps: [{{wait: 1ms}}]
steps:
  - id: all
    for_each: [o7, {LONG_KEY}]
    as: order
    key: ${{ order }}
    steps:
      - {{id: charge, activity: charge, args: ["${{ order }}"]}}
      - {{id: named, activity: charge, args: ["${{ order }}"], summary: Charge the card}}
      - {{id: pause, wait: 1ms}}
  - {{id: ship, child_workflow: {{definition: ship}}}}
output: null
"""


async def test_what_the_ui_shows(client: Client, task_queue: str) -> None:
    submission = prepare(read_text(DEFINITION), None)
    async with create_worker(client, [charge], task_queue=task_queue):
        handle = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        assert await handle.result() is None
        described = await handle.describe()
        assert await described.static_details() == "Charge **all** orders.\n"
        assert await _query_details(handle) == ""
        child = client.get_workflow_handle(f"{task_queue}/ship")
        assert await (await child.describe()).static_details() == "Ships one order."
    history = await handle.fetch_history()
    summaries = [json.loads(each) for each in _list_summaries(history.events)]
    assert summaries[:3] == ["all[o7]/charge", "Charge the card (all[o7])", "all[o7]/pause"]
    assert summaries[3].startswith("all[kkkk"), "a key of any length blocks no run"
    assert max(len(each) for each in summaries) < 400
    results = [
        payload.data
        for event in history.events
        for payload in (
            *event.activity_task_completed_event_attributes.result.payloads,
            *event.workflow_execution_completed_event_attributes.result.payloads,
        )
    ]
    assert results == [b"null"] * 5


def _list_summaries(events: Sequence[HistoryEvent]) -> Iterator[bytes]:
    for event in events:
        if event.HasField("activity_task_scheduled_event_attributes") or event.HasField(
            "timer_started_event_attributes"
        ):
            yield event.user_metadata.summary.data


async def _query_details(handle: WorkflowHandle[Any, Any]) -> str:
    metadata: WorkflowMetadata = await handle.query(
        "__temporal_workflow_metadata", result_type=WorkflowMetadata
    )
    return metadata.current_details
