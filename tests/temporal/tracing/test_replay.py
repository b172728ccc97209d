"""Whether a worker traces decides nothing of a run: its histories replay on workers that do not, and the reverse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from dsl.reading.reader import read_text
from interpreter.temporal.dev_server.server import DevServer
from stepfile import StepfilePlugin, create_worker, prepare, start
from tests.replay.record import HISTORIES
from tests.support.script import Script
from tests.support.temporal_activities import build_scripted_activities
from tests.temporal.tracing.recorded import Recorder

FILES = sorted(HISTORIES.glob("*.json"))
TEXT = """\
dsl: "1"
name: all
definitions:
  inner: {steps: [{id: deep, activity: work, timeouts: {start_to_close: 10s}}]}
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 2, initial_interval: 1s}}
steps:
  - {id: first, activity: work, compensate: {activity: work}}
  - {id: local, activity: work, local: true}
  - {id: child, child_workflow: inner}
  - {id: pause, wait: 1ms}
  - id: again
    retry: {maximum_attempts: 2, initial_interval: 1s, jitter: full}
    steps:
      - {id: shaky, activity: shaky, retry: {maximum_attempts: 1}}
  - {id: refused, raise: {type: Refused}}
"""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_runs_that_nobody_has_traced_go_on_where_they_are(file: Any) -> None:
    recorder = Recorder()
    history = WorkflowHistory.from_json(file.stem, file.read_text(encoding="utf-8"))
    replayer = Replayer(workflows=[], plugins=[recorder.plugin, StepfilePlugin()])
    await replayer.replay_workflow(history)
    assert not recorder.spans, "what has happened long ago is not told"


async def test_a_traced_run_has_the_same_history_as_another(server: DevServer, task_queue: str) -> None:
    """But for the headers of its calls; and it goes on where nobody traces."""
    recorder = Recorder()
    traced = await _run(server, [recorder.plugin], f"{task_queue}-traced")
    untraced = await _run(server, [], f"{task_queue}-not")
    assert recorder.spans
    assert [*map(_describe, traced.events)] == [*map(_describe, untraced.events)]
    assert sum("_tracer-data" in str(event) for event in traced.events) == 7, (
        "the start, 4 activities, and the child in two events"
    )
    await Replayer(workflows=[], plugins=[StepfilePlugin()]).replay_workflow(traced)


async def _run(server: DevServer, plugins: Sequence[Any], name: str) -> WorkflowHistory:
    client = await server.connect(plugins=plugins)
    script = Script({"work": [{}], "shaky": [{"fail": {"type": "Busy", "message": "busy"}}, {}]})
    async with create_worker(client, build_scripted_activities(script), task_queue=name):
        run = await start(client, prepare(read_text(TEXT, "all.yaml")), workflow_id=name, task_queue=name)
        with pytest.raises(Exception, match="Workflow execution failed"):
            await run.result()
    return await run.fetch_history()


def _describe(event: Any) -> Any:
    """What was asked for and what came of it, without times, ids of runs and headers."""
    told = MessageToDict(event)
    [attributes] = [each for name, each in told.items() if name.endswith("EventAttributes")] or [{}]
    names = (
        "activityId",
        "activityType",
        "timerId",
        "workflowType",
        "attempt",
        "retryPolicy",
        "input",
        "result",
    )
    return told["eventType"], {name: attributes[name] for name in names if name in attributes}
