"""Circuit breakers of a run on a real server: their state is nowhere but in the history."""

from __future__ import annotations

from temporalio.client import Client
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from dsl.reading.reader import read_text
from interpreter.temporal.workflow.workflow import StepfileWorkflow
from stepfile import create_worker, prepare, query_status, start
from tests.support.script import Script
from tests.support.temporal_activities import build_scripted_activities

DEFINITION = """
dsl: "1"
name: breakers
defaults:
  timeouts: {start_to_close: 5s}
  retry: {maximum_attempts: 4, initial_interval: 300ms, jitter: full}
  circuit_breaker: {name: service, on_open: wait}
circuit_breakers:
  service: {scope: workflow, failure_threshold: 2, wait_duration_in_open_state: 1s}
steps:
  - {id: a, activity: A}
  - {id: b, activity: A}
"""
ATTR = SandboxRestrictions.default.with_passthrough_modules("attr", "attrs")
RUNNERS = [UnsandboxedWorkflowRunner(), SandboxedWorkflowRunner(restrictions=ATTR)]


async def test_the_waits_and_the_state_of_a_breaker_replay(client: Client, task_queue: str) -> None:
    script = Script({"A": [{"fail": {}}, {"fail": {}}, {"ok": 1}, {"fail": {}}, {"ok": 2}]})
    async with create_worker(client, build_scripted_activities(script), task_queue=task_queue):
        submission = prepare(read_text(DEFINITION), None)
        handle = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        assert await handle.result() == 2
        assert (await query_status(handle))["breakers"] == {
            "service": {"state": "closed", "open_until": None}
        }
    history = await handle.fetch_history()
    for runner in RUNNERS:
        replayer = Replayer(workflows=[StepfileWorkflow], unsandboxed_workflow_runner=runner)
        await replayer.replay_workflow(history)
    ids = [
        event.activity_task_scheduled_event_attributes.activity_id
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
    ]
    assert ids == ["a", "a#2", "a#3", "b", "b#2"]
