"""Everything that happens in runs is logged once and counted once.

The runs complete, fail, are tried again, undone, kept as dead letters, cancelled and refused, in one run and in many.
In the middle their worker is killed, and another one goes on. Both keep no run in memory, so they replay all of it
for every workflow task and for every query.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle

from interpreter.temporal.client import start as starting
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.observing.metrics import DEAD_LETTER_CHANGES, METRICS
from interpreter.temporal.wire.request import StartRequest
from stepfile import prepare, query_status, read_text, start
from tests.support.metrics import Scrape, check_labels, find_free_port, scrape
from tests.support.waiting import until

pytestmark = pytest.mark.slow

QUEUE = "each-thing-once"

WORKER = """
import asyncio, sys
from collections import Counter
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.runtime import Runtime, TelemetryConfig
from stepfile import configure_logging, create_worker, prometheus_config

address, queue, port, waits = sys.argv[1:]
made = Counter()

@activity.defn
async def fine(): ...
@activity.defn
async def keep(letter): ...
@activity.defn
def fail_in_first_attempt():
    if activity.info().attempt == 1:
        raise ApplicationError("not yet", type="Busy")
@activity.defn
def fail_in_first_calls(calls: int):
    made[activity.info().workflow_id] += 1  # all of them are made after the first worker was killed
    if made[activity.info().workflow_id] <= calls:
        raise ApplicationError("not yet", type="Busy")
@activity.defn
def fail_at_1(item: int):
    if item == 1:
        raise ApplicationError("never", type="Bad")
@activity.defn
async def refuse():
    raise ApplicationError("no", type="Refused", non_retryable=True)
@activity.defn
async def patient():
    while waits == "waits":
        activity.heartbeat()
        await asyncio.sleep(0.1)

async def main():
    configure_logging("json", "debug")
    runtime = Runtime(telemetry=TelemetryConfig(metrics=prometheus_config(f"127.0.0.1:{port}")))
    client = await Client.connect(address, runtime=runtime)
    activities = [fine, keep, fail_in_first_attempt, fail_in_first_calls, fail_at_1, refuse, patient]
    async with create_worker(client, activities, task_queue=queue, max_cached_workflows=0):
        await asyncio.Event().wait()

asyncio.run(main())
"""

HEAD = """
dsl: "1"
version: "7"
defaults: {timeouts: {start_to_close: 10s}, retry: {initial_interval: 100ms, maximum_attempts: 3}}
signals: {go: {}}
"""
ITEMS = """
name: items
dead_letter_queues: {kept: {activity: keep}}
steps:
  - {id: flaky, activity: fail_in_first_attempt}
  - {id: left_out, when: "false", activity: fine}
  - {id: gate, wait_for: {signal: go}}
  - id: block
    retry: {maximum_attempts: 2, initial_interval: 100ms}
    steps: [{id: inner, activity: fail_in_first_calls, args: [1], retry: {maximum_attempts: 1}}]
  - id: loop
    for_each: [0, 1, 2]
    dead_letter: kept
    steps: [{id: one, activity: fail_at_1, args: ["${ item }"], retry: {maximum_attempts: 2}}]
  - {id: caught, activity: refuse, catch: [{result: 1}]}
"""
SAGA = """
name: saga
saga: {continue_on_error: false}
steps:
  - {id: car, activity: fine, compensate: {activity: fine}}
  - {id: hotel, activity: fine, compensate: {activity: refuse, retry: {maximum_attempts: 1}}}
  - {id: flight, activity: fine, compensate: {activity: fine}}
  - {id: gate, wait_for: {signal: go}}
  - {raise: {type: NoSeat}}
"""
STOPPED = """
name: stopped
steps:
  - {id: car, activity: fine, compensate: {activity: fail_in_first_attempt}}
  - {id: gate, wait_for: {signal: go}}
"""
BREAKER = """
name: breaker
circuit_breakers: {service: {scope: workflow, failure_threshold: 2, wait_duration_in_open_state: 1s}}
steps:
  - {id: gate, wait_for: {signal: go}}
  - {id: call, activity: fail_in_first_calls, args: [2], circuit_breaker: {name: service, on_open: wait}}
"""
LOST = """
name: lost
steps:
  - {id: patient, activity: patient, timeouts: {heartbeat: 1s}}
"""
DEFINITIONS = {"items": ITEMS, "saga": SAGA, "stopped": STOPPED, "breaker": BREAKER, "lost": LOST}
IN_MANY_RUNS = ("items", "saga", "stopped", "breaker")
"""Those that also run a second time, as `<name>-many`, and then continue as new wherever they can."""

EVENTS = {
    "items": """
        run_started
        step_started flaky
        attempt_failed flaky
        step_ended flaky completed
        step_started left_out
        step_ended left_out skipped
        step_started gate
        step_ended gate completed
        step_started block
        step_started inner
        attempt_failed inner
        step_ended inner failed
        retry_scheduled block
        step_started inner
        step_ended inner completed
        step_ended block completed
        step_started loop
        step_started loop[0]/one
        step_ended loop[0]/one completed
        item_ended loop[0] completed
        step_started loop[1]/one
        attempt_failed loop[1]/one
        attempt_failed loop[1]/one
        step_ended loop[1]/one failed
        dead_letter_written loop[1] kept
        item_ended loop[1] failed
        step_started loop[2]/one
        step_ended loop[2]/one completed
        item_ended loop[2] completed
        step_ended loop completed
        step_started caught
        attempt_failed caught
        step_ended caught caught
        run_ended completed
    """,
    "saga": """
        run_started
        step_started car
        step_ended car completed
        step_started hotel
        step_ended hotel completed
        step_started flight
        step_ended flight completed
        step_started gate
        step_ended gate completed
        step_started steps[4]
        step_ended steps[4] failed
        undoing_started
        compensation_started flight
        compensation_ended flight completed
        compensation_started hotel
        attempt_failed hotel.compensate
        compensation_ended hotel failed
        compensation_ended car skipped
        undoing_ended
        run_ended failed
    """,
    "stopped": """
        run_started
        step_started car
        step_ended car completed
        step_started gate
        step_ended gate cancelled
        undoing_started
        compensation_started car
        attempt_failed car.compensate
        compensation_ended car completed
        undoing_ended
        run_ended cancelled
    """,
    "breaker": """
        run_started
        step_started gate
        step_ended gate completed
        step_started call
        attempt_failed call
        retry_scheduled call
        attempt_failed call#2
        breaker_changed open
        retry_scheduled call
        breaker_changed half_open
        breaker_changed closed
        step_ended call completed
        run_ended completed
    """,
    "lost": """
        run_started
        step_started patient
        step_ended patient completed
        run_ended completed
    """,
    "refused": """
        start_refused
    """,
}
EVENTS["breaker"] = EVENTS["breaker"].replace("#2", "")  # the step is the same for all of its activities

COUNTED = """
activity_attempts definition=breaker,outcome=completed,step=call 2
activity_attempts definition=breaker,outcome=failed,step=call 4
activity_attempts definition=items,outcome=completed,step=flaky 2
activity_attempts definition=items,outcome=completed,step=inner 2
activity_attempts definition=items,outcome=completed,step=loop.dead_letter 2
activity_attempts definition=items,outcome=completed,step=one 4
activity_attempts definition=items,outcome=failed,step=caught 2
activity_attempts definition=items,outcome=failed,step=flaky 2
activity_attempts definition=items,outcome=failed,step=inner 2
activity_attempts definition=items,outcome=failed,step=one 4
activity_attempts definition=lost,outcome=completed,step=patient 1
activity_attempts definition=saga,outcome=completed,step=car 2
activity_attempts definition=saga,outcome=completed,step=flight 2
activity_attempts definition=saga,outcome=completed,step=flight.compensate 2
activity_attempts definition=saga,outcome=completed,step=hotel 2
activity_attempts definition=saga,outcome=failed,step=hotel.compensate 2
activity_attempts definition=stopped,outcome=completed,step=car 2
activity_attempts definition=stopped,outcome=completed,step=car.compensate 2
activity_attempts definition=stopped,outcome=failed,step=car.compensate 2
breaker_changes breaker=service,definition=breaker,state=closed 2
breaker_changes breaker=service,definition=breaker,state=half_open 2
breaker_changes breaker=service,definition=breaker,state=open 2
compensations_ended definition=saga,outcome=completed,step=flight 2
compensations_ended definition=saga,outcome=failed,step=hotel 2
compensations_ended definition=saga,outcome=skipped,step=car 2
compensations_ended definition=stopped,outcome=completed,step=car 2
dead_letters definition=items,outcome=kept,step=loop 2
items_ended definition=items,outcome=completed,step=loop 4
items_ended definition=items,outcome=failed,step=loop 2
runs_ended definition=breaker,outcome=completed 2
runs_ended definition=items,outcome=completed 2
runs_ended definition=lost,outcome=completed 1
runs_ended definition=saga,outcome=failed 2
runs_ended definition=stopped,outcome=cancelled 2
runs_refused definition=refused 1
runs_started definition=breaker 2
runs_started definition=items 2
runs_started definition=lost 1
runs_started definition=saga 2
runs_started definition=stopped 2
step_retries definition=breaker,step=call 4
step_retries definition=items,step=block 2
step_retries definition=items,step=flaky 2
step_retries definition=items,step=one 2
step_retries definition=lost,step=patient 1
step_retries definition=stopped,step=car.compensate 2
steps_ended definition=breaker,outcome=completed,step=call 2
steps_ended definition=breaker,outcome=completed,step=gate 2
steps_ended definition=items,outcome=caught,step=caught 2
steps_ended definition=items,outcome=completed,step=block 2
steps_ended definition=items,outcome=completed,step=flaky 2
steps_ended definition=items,outcome=completed,step=gate 2
steps_ended definition=items,outcome=completed,step=inner 2
steps_ended definition=items,outcome=completed,step=loop 2
steps_ended definition=items,outcome=completed,step=one 4
steps_ended definition=items,outcome=failed,step=inner 2
steps_ended definition=items,outcome=failed,step=one 2
steps_ended definition=items,outcome=skipped,step=left_out 2
steps_ended definition=lost,outcome=completed,step=patient 1
steps_ended definition=saga,outcome=completed,step=car 2
steps_ended definition=saga,outcome=completed,step=flight 2
steps_ended definition=saga,outcome=completed,step=gate 2
steps_ended definition=saga,outcome=completed,step=hotel 2
steps_ended definition=saga,outcome=failed,step=steps[4] 2
steps_ended definition=stopped,outcome=cancelled,step=gate 2
steps_ended definition=stopped,outcome=completed,step=car 2
"""


class Observed:
    """What both workers have told."""

    def __init__(self, log: Path, scrapes: list[Scrape], runs: dict[str, int]) -> None:
        self.lines: list[dict[str, Any]] = [json.loads(line) for line in log.read_text().splitlines()]
        self.scrapes = scrapes
        self.runs = runs
        """Workflow id → of how many runs it was made."""

    def list_events(self, workflow_id: str) -> list[str]:
        """The events of a run in the order of the log."""
        return [
            " ".join(
                str(each[name])
                for name in ("event", "step", "outcome", "state")
                if each.get(name) is not None and not (name == "step" and each["event"] == "breaker_changed")
            )
            for each in self.lines
            if each["workflow_id"] == workflow_id and "event" in each
        ]

    def sum_counters(self) -> Counter[str]:
        """The counters of both workers together, without prefix and suffix of their names."""
        total: Counter[str] = Counter()
        for each in self.scrapes:
            for name, value in each.select("stepfile_").items():
                metric, _, labels = name.partition(" ")
                if metric.endswith("_total"):
                    total[f"{metric.removeprefix('stepfile_').removesuffix('_total')} {labels}"] += int(value)
        return total


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def observed(server: DevServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Observed]:
    log = tmp_path_factory.mktemp("observed") / "log"
    client = await server.connect()
    ports = find_free_port(), find_free_port()
    async with _worker(server, log, ports[0], "waits") as first:
        runs = await _start_all(client)
        await until(lambda: _all_wait(runs), "all runs wait")
        await until(lambda: "event" in log.read_text(), "something is logged")
        scrapes = [scrape(ports[0])]
        first.kill()
        await first.wait()
    async with _worker(server, log, ports[1], "does not wait"):
        for name, run in runs.items():
            if name.startswith("stopped"):
                await run.cancel()
            elif name != "lost":
                await run.signal("go")
        for run in runs.values():
            with suppress(WorkflowFailureError):
                await run.result()
            await query_status(run)
        scrapes.append(scrape(ports[1]))
    yield Observed(log, scrapes, {name: await _count_runs(client, name) for name in runs})


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("run", [*DEFINITIONS, *(f"{name}-many" for name in IN_MANY_RUNS), "refused"])
async def test_each_event_is_logged_once(run: str, observed: Observed) -> None:
    events = Counter(observed.list_events(run))
    continued = events.pop("run_continued_as_new", 0)
    expected = EVENTS[run.removesuffix("-many")]
    assert events == Counter(line.strip() for line in expected.splitlines() if line.strip())
    assert continued == observed.runs.get(run, 1) - 1
    assert (continued > 0) == run.endswith("-many")


@pytest.mark.asyncio(loop_scope="module")
async def test_each_counter_is_exact(observed: Observed) -> None:
    expected = dict(line.rsplit(" ", 1) for line in COUNTED.strip().splitlines())
    assert observed.sum_counters() == {name: int(value) for name, value in expected.items()}


@pytest.mark.asyncio(loop_scope="module")
async def test_the_table_says_what_is_served(observed: Observed) -> None:
    for each in observed.scrapes:
        check_labels(each)
    served = {name: kind for each in observed.scrapes for name, kind in each.types.items()}
    ours = {name: kind for name, kind in served.items() if name.startswith("stepfile_")}
    # No run of these has a shared breaker, and nobody redrives a letter.
    of_runs = [each for each in METRICS if "definition" in each.labels and each is not DEAD_LETTER_CHANGES]
    assert ours == {each.served_name: each.kind for each in of_runs}
    assert served["temporal_workflow_completed_total"] == "counter", "Temporal's own are served with them"
    assert served["temporal_workflow_task_execution_latency_seconds"] == "histogram"


@pytest.mark.asyncio(loop_scope="module")
async def test_durations_are_measured_once(observed: Observed) -> None:
    counts: Counter[str] = Counter()
    for each in observed.scrapes:
        counts.update(each.select("stepfile_run_duration_seconds_count"))
    prefix = "stepfile_run_duration_seconds_count definition="
    assert counts == {prefix + name: 1 + (name in IN_MANY_RUNS) for name in DEFINITIONS}


@pytest.mark.asyncio(loop_scope="module")
async def test_every_line_says_what_it_is_about(observed: Observed) -> None:
    about_runs = [each for each in observed.lines if each["workflow_id"] in observed.runs]
    assert len(about_runs) > 100
    for line in about_runs:
        assert line["definition"] == line["workflow_id"].removesuffix("-many"), line
        assert line["run_id"], line
        assert line["level"] in ("debug", "info", "warning", "error"), line
        if line["logger"] == "stepfile.run":
            assert line["version"] == "7", line
        if line.get("event") == "attempt_failed":
            assert line["attempt"] >= 1, line
    assert {"definition", "version", "workflow_id", "run_id", "step", "attempt"} <= set.intersection(
        *(set(each) for each in observed.lines)
    )


@pytest.mark.asyncio(loop_scope="module")
async def test_a_failed_attempt_says_whether_there_will_be_another_one(observed: Observed) -> None:
    failed = [each for each in observed.lines if each.get("event") == "attempt_failed"]
    told = {(each["step"], each["attempt"], each["error_type"], each["retried"]) for each in failed}
    assert told == {
        ("flaky", 1, "Busy", True),
        ("inner", 1, "Busy", False),
        ("loop[1]/one", 1, "Bad", True),
        ("loop[1]/one", 2, "Bad", False),
        ("caught", 1, "Refused", False),
        ("hotel.compensate", 1, "Refused", False),
        ("car.compensate", 1, "Busy", True),
        ("call", 1, "Busy", False),
    }
    assert all(each["exception"].startswith("Traceback") for each in failed), "with the level debug"


@asynccontextmanager
async def _worker(server: DevServer, log: Path, port: int, waits: str) -> AsyncIterator[Process]:
    with log.open("a") as file:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", WORKER, server.address, QUEUE, str(port), waits),
            stdout=DEVNULL,
            stderr=file,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _start_all(client: Client) -> dict[str, WorkflowHandle[Any, Any]]:
    runs: dict[str, WorkflowHandle[Any, Any]] = {}
    for name, text in DEFINITIONS.items():
        runs[name] = await _start(client, name, text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starting, "StartRequest", partial(StartRequest, continue_as_new_after=1))
        for name in IN_MANY_RUNS:
            runs[f"{name}-many"] = await _start(client, f"{name}-many", DEFINITIONS[name])
    await client.start_workflow("stepfile:refused", args=[None, {}], id="refused", task_queue=QUEUE)
    return runs


async def _start(client: Client, workflow_id: str, text: str) -> WorkflowHandle[Any, Any]:
    submission = prepare(read_text(HEAD + text, f"{workflow_id}.yaml"), None)
    return await start(client, submission, workflow_id=workflow_id, task_queue=QUEUE)


async def _all_wait(runs: dict[str, WorkflowHandle[Any, Any]]) -> bool:
    for run in runs.values():
        steps = (await query_status(run))["steps"]
        if not any(each["state"] == "running" for each in steps if each["step"] in ("gate", "patient")):
            return False
    return True


async def _count_runs(client: Client, workflow_id: str) -> int:
    found = [each async for each in client.list_workflows(f'WorkflowId = "{workflow_id}"')]
    return len(found)
