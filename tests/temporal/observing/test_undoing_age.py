"""A compensation that is tried again says for how long it has been tried, whoever tries it again: server or run."""

from __future__ import annotations

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.runtime import Runtime, TelemetryConfig

from interpreter.temporal.dev_server.server import DevServer
from stepfile import create_worker, prepare, prometheus_config, read_text, start
from tests.support.metrics import Scrape, check_labels, find_free_port, scrape

pytestmark = pytest.mark.slow

DEFINITION = """
dsl: "1"
name: hangs
defaults: {timeouts: {start_to_close: 10s}, retry: {initial_interval: 100ms, backoff_coefficient: 1}}
saga: {retry: {initial_interval: 1s, backoff_coefficient: 1, maximum_attempts: 3}}
steps:
  - {id: car, activity: fail, args: [1], compensate: {activity: fail, args: [2]}}
  - id: all
    for_each: [0, 1]
    steps: [{id: hotel, activity: fail, args: [0], compensate: {activity: fail, args: [1]}}]
  - id: pay
    activity: fail
    args: [0]
    compensate:
      retry: {maximum_attempts: 2, initial_interval: 1s}
      steps:
        - {id: refund, activity: fail, args: [1]}
        - {id: never, activity: fail, args: [9], retry: {maximum_attempts: 1}}
  - {raise: {type: NoSeat}}
"""


@pytest.fixture
async def counted(server: DevServer, task_queue: str) -> Scrape:
    """What was counted of a run that undoes, when it has ended."""
    port = find_free_port()
    runtime = Runtime(telemetry=TelemetryConfig(metrics=prometheus_config(f"127.0.0.1:{port}")))
    client = await Client.connect(server.address, namespace=server.namespace, runtime=runtime)
    made: dict[str, int] = {}

    @activity.defn(name="fail")
    async def fail_in_first_calls(calls: int) -> None:
        name = activity.info().activity_id.partition("#")[0]
        made[name] = made.get(name, 0) + 1
        if made[name] <= calls:
            raise ApplicationError("not yet", type="Busy")

    async with create_worker(client, [fail_in_first_calls], task_queue=task_queue):
        run = await start(
            client, prepare(read_text(DEFINITION)), workflow_id=task_queue, task_queue=task_queue
        )
        with pytest.raises(WorkflowFailureError):
            await run.result()
        return scrape(port)


async def test_each_retry_of_what_undoes_tells_its_age(counted: Scrape) -> None:
    check_labels(counted)
    retries = counted.select("stepfile_compensation_retry_age_seconds_count")
    assert {name.rpartition("step=")[2]: number for name, number in retries.items()} == {
        "car": 2,  # that the step itself was tried again does not count
        "hotel": 2,  # one of each item
        "refund": 1,
        "pay": 1,  # the block as a whole
    }
    ages = counted.select("stepfile_compensation_retry_age_seconds_sum")
    # The second attempt comes after a second, and the third after two.
    assert 3 <= ages["stepfile_compensation_retry_age_seconds_sum definition=hangs,step=car"] < 30
