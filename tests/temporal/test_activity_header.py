"""A call carries a header only where the worker can't find out by itself. A server feels each of them."""

from __future__ import annotations

from temporalio import activity
from temporalio.client import Client

from stepfile import create_worker, prepare, read_text, start
from stepfile.activity import idempotency_key

CALLS = """
dsl: "1"
name: calls
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 2}}
steps:
  - {id: plain, activity: tell_key}
  - {id: small, activity: tell_key, local: true}
  - {id: jittered, activity: tell_key, retry: {jitter: full}}
  - id: each
    for_each: ${ ['tea'] }
    key: ${ item }
    steps: [{id: inside, activity: tell_key}]
  - id: undone
    activity: tell_key
    compensate: {activity: tell_key}
  - id: broken
    catch: [{compensate: true, result: null}]
    steps:
      - {id: again, activity: tell_key, compensate: {activity: tell_key}}
      - {raise: {type: Broken}}
"""


async def test_a_header_is_sent_where_it_says_something(client: Client, task_queue: str) -> None:
    keys: list[str] = []

    @activity.defn
    async def tell_key() -> None:
        keys.append(idempotency_key())

    async with create_worker(client, [tell_key], task_queue=task_queue):
        handle = await start(client, prepare(read_text(CALLS)), workflow_id=task_queue, task_queue=task_queue)
        await handle.result()
    history = await handle.fetch_history()
    scheduled = [event.activity_task_scheduled_event_attributes for event in history.events]
    headers = {each.activity_id: list(each.header.fields) for each in scheduled if each.activity_id}
    assert headers == {
        "plain": [],
        "jittered": ["stepfile"],
        "each[0]/inside": ["stepfile"],
        "undone": [],
        "again": [],
        "again.compensate": ["stepfile"],
    }
    named = ("plain", "small", "jittered", "each[tea]/inside", "undone", "again", "again")
    assert keys == [f"{task_queue}/{path}" for path in named]
