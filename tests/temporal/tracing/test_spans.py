"""A trace of a run looks as its definition does, whatever becomes of the worker that carries it out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from opentelemetry.trace import SpanKind
from temporalio.client import WorkflowFailureError, WorkflowHandle

from definitions import activities as demo
from dsl.reading.reader import read_text
from interpreter.temporal.client import start as starting
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.tracing import names
from interpreter.temporal.wire.request import StartRequest
from stepfile import HttpSettings, create_worker, load_activities, prepare, read_file, start
from tests.conftest import ROOT
from tests.support.script import Script
from tests.support.temporal_activities import build_scripted_activities
from tests.temporal.tracing.recorded import Recorder

TRIP = ROOT / "definitions" / "trip-booking.yaml"


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


async def run_text(
    server: DevServer,
    recorder: Recorder,
    task_queue: str,
    text: str,
    script: Mapping[str, list[dict[str, Any]]] | None = None,
    *,
    cached: int = 1_000,
) -> WorkflowHandle[Any, Any]:
    """Run a definition to its end, whatever that is."""
    client = await server.connect(plugins=[recorder.plugin])
    functions = build_scripted_activities(Script({**(script or {})}))
    private = HttpSettings(allow_private=("127.0.0.1",))
    async with create_worker(
        client, functions, task_queue=task_queue, max_cached_workflows=cached, http=private
    ):
        submission = prepare(read_text(text, "test.yaml"), None)
        run = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        with suppress(WorkflowFailureError):
            await run.result()
    return run


@pytest.mark.parametrize("cached", [1_000, 0])
async def test_a_saga(server: DevServer, recorder: Recorder, task_queue: str, cached: int) -> None:
    client = await server.connect(plugins=[recorder.plugin])
    submission = prepare(read_file(TRIP), {"car_id": "c", "hotel_id": "h", "flight_id": "declined"})
    activities = load_activities([demo.__name__])
    async with create_worker(client, activities, task_queue=task_queue, max_cached_workflows=cached):
        run = await start(client, submission, task_queue=task_queue)
        await run.result()
    assert recorder.tree() == [
        "start trip-booking",
        "  run trip-booking completed",
        "    book_car completed",
        "      attempt book_car completed",
        "    book_hotel completed",
        "      attempt book_hotel completed",
        "    book_flight failed DeclinedError",
        "      attempt book_flight failed DeclinedError",
        "    undo book_hotel completed",
        "      attempt undo_book_hotel completed",
        "    undo book_car completed",
        "      attempt undo_book_car completed",
    ]
    version = submission.definition.version
    ids = {names.WORKFLOW_ID: run.id, names.RUN_ID: run.first_execution_run_id}
    about = {**ids, names.DEFINITION: "trip-booking"}
    assert recorder.find("start trip-booking").attributes == {**about, names.VERSION: version}
    assert recorder.find("run trip-booking").attributes == {
        **about,
        names.VERSION: version,
        names.OUTCOME: "completed",
    }
    assert recorder.find("book_flight").attributes == {
        **about,
        names.VERSION: version,
        names.STEP: "book_flight",
        names.KIND: "activity",
        names.ATTEMPTS: 1,
        names.OUTCOME: "failed",
        names.ERROR_TYPE: "DeclinedError",
    }
    assert recorder.find("undo book_car").attributes == {
        **about,
        names.VERSION: version,
        names.STEP: "book_car",
        names.OUTCOME: "completed",
    }
    attempt = recorder.find("attempt book_flight")
    assert attempt.attributes == {
        **about,
        names.STEP: "book_flight",
        names.ACTIVITY: "book_flight",
        names.ACTIVITY_ID: "book_flight",
        names.ATTEMPT: 1,
        names.OUTCOME: "failed",
        names.ERROR_TYPE: "DeclinedError",
    }
    assert (attempt.status.description, attempt.kind) == ("DeclinedError: Declined", SpanKind.SERVER)
    [event] = attempt.events
    assert event.attributes is not None
    assert event.attributes[names.EXCEPTION_TYPE] == "DeclinedError"
    assert event.attributes[names.EXCEPTION_MESSAGE] == "Declined"
    assert "DeclinedError: Declined" in str(event.attributes[names.EXCEPTION_STACK])


NESTED = """\
dsl: "1"
name: nested
version: "3"
definitions:
  inner:
    steps:
      - id: deep
        activity: deep
        timeouts: {start_to_close: 10s}
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 2, initial_interval: 1ms}}
steps:
  - id: both
    parallel:
      left:
        - id: left
          activity: left
      right:
        - id: wait
          wait: 1ms
        - id: right
          activity: right
  - id: each
    for_each: "['a', 'b']"
    concurrency: 1
    steps:
      - id: one
        activity: one
  - id: again
    retry: {maximum_attempts: 2, initial_interval: 1ms}
    steps:
      - id: shaky
        activity: shaky
        retry: {maximum_attempts: 1}
  - id: child
    child_workflow: inner
  - id: skipped
    when: ${ false }
    wait: 1h
  - id: caught
    activity: broken
    retry: {maximum_attempts: 1}
    catch:
      - steps:
          - id: instead
            activity: left
"""

BROKEN = {"fail": {"type": "Broken", "message": "no"}}


@pytest.mark.parametrize("cached", [1_000, 0])
async def test_all_that_can_be_inside_of_a_step(
    server: DevServer, recorder: Recorder, task_queue: str, cached: int
) -> None:
    script: dict[str, list[dict[str, Any]]] = {
        **{name: [{}] for name in ("left", "right", "one", "deep")},
        "shaky": [BROKEN, {}],
        "broken": [BROKEN],
    }
    await run_text(server, recorder, task_queue, NESTED, script, cached=cached)
    assert recorder.tree() == [
        "start nested",
        "  run nested completed",
        "    both completed",
        "      left completed",
        "        attempt left completed",
        "      wait completed",
        "      right completed",
        "        attempt right completed",
        "    each completed",
        "      one completed",
        "        attempt one completed",
        "      one completed",
        "        attempt one completed",
        "    again completed",
        "      shaky failed Broken",
        "        attempt shaky failed Broken",
        "      shaky completed",
        "        attempt shaky completed",
        "    child completed",
        "      run inner completed",
        "        deep completed",
        "          attempt deep completed",
        "    caught caught Broken",
        "      attempt broken failed Broken",
        "      instead completed",
        "        attempt left completed",
        "    skipped skipped",
    ]
    assert len({span.context.trace_id for span in recorder.spans}) == 1
    documented = {row.name for row in names.ATTRIBUTES}
    told = {name for span in recorder.spans for name in span.attributes or {}}
    told |= {name for span in recorder.spans for event in span.events for name in event.attributes or {}}
    assert told == documented
    paths = [(span.attributes or {}).get(names.STEP) for span in recorder.spans if span.name == "one"]
    assert paths == ["each[0]/one", "each[1]/one"]
    for span in recorder.spans:  # a span is as long as what it is about
        parent = next((each for each in recorder.spans if each.context == span.parent), None)
        if parent is not None and span.name.startswith("attempt"):
            assert parent.start_time is not None
            assert span.start_time is not None
            assert parent.start_time <= span.start_time


async def test_each_attempt_is_a_span_of_its_step(
    server: DevServer, recorder: Recorder, task_queue: str
) -> None:
    text = """\
dsl: "1"
name: attempts
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 2, initial_interval: 1ms}}
steps:
  - id: step
    activity: step
"""
    await run_text(server, recorder, task_queue, text, {"step": [BROKEN, {}]})
    assert recorder.tree() == [
        "start attempts",
        "  run attempts completed",
        "    step completed",
        "      attempt step failed Broken",
        "      attempt step completed",
    ]
    attempts = [span for span in recorder.spans if span.name == "attempt step"]
    assert [(span.attributes or {})[names.ATTEMPT] for span in attempts] == [1, 2]
    assert (recorder.find("step").attributes or {})[names.ATTEMPTS] == 2


async def test_a_run_that_fails(server: DevServer, recorder: Recorder, task_queue: str) -> None:
    text = 'dsl: "1"\nname: fails\nsteps: [{id: no, raise: {type: Refused, message: "not today"}}]\n'
    await run_text(server, recorder, task_queue, text)
    assert recorder.tree() == ["start fails", "  run fails failed Refused", "    no failed Refused"]
    assert recorder.find("run fails").status.description == "Refused: not today"


LONG = """\
dsl: "1"
name: long
defaults: {timeouts: {start_to_close: 10s}}
steps:
  - id: block
    steps:
      - id: before
        activity: work
      - id: turns
        repeat: {until: index == 5, maximum_iterations: 10}
        steps:
          - id: turn
            activity: work
      - id: after
        activity: work
"""


@pytest.mark.parametrize(("traced", "cached"), [(True, 1_000), (True, 0), (False, 1_000)])
@pytest.mark.slow
async def test_a_trace_goes_on_when_the_run_continues_as_new(
    server: DevServer, recorder: Recorder, task_queue: str, cached: int, traced: bool
) -> None:
    """Also the trace of a run that a client without traces has started."""
    ours = await server.connect(plugins=[recorder.plugin])
    client = ours if traced else await server.connect()
    functions = build_scripted_activities(Script({"work": [{}]}))
    async with create_worker(ours, functions, task_queue=task_queue, max_cached_workflows=cached):
        submission = prepare(read_text(LONG, "test.yaml"), None)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(starting, "StartRequest", partial(StartRequest, continue_as_new_after=1))
            run = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        await run.result()
    inside = [
        "run long completed",
        "  block completed",
        "    before completed",
        "      attempt work completed",
        "    turns completed",
        *(["      turn completed", "        attempt work completed"] * 6),
        "    after completed",
        "      attempt work completed",
    ]
    assert recorder.tree() == (["start long", *(f"  {line}" for line in inside)] if traced else inside)
    runs = {(span.attributes or {}).get(names.RUN_ID) for span in recorder.spans if span.name == "turn"}
    assert len(runs) > 1, "it has continued as new"
    block = recorder.find("block")
    assert block.start_time == recorder.find("before").start_time, "it began in the first run"


async def test_what_a_run_was_refused_for(server: DevServer, recorder: Recorder, task_queue: str) -> None:
    client = await server.connect(plugins=[recorder.plugin])
    async with create_worker(client, [], task_queue=task_queue):
        run = await client.start_workflow(
            "stepfile:refused", args=[None, {}], id=task_queue, task_queue=task_queue
        )
        with pytest.raises(WorkflowFailureError):
            await run.result()
    assert recorder.tree() == ["start refused", "  run refused failed InvalidRequest"]


async def test_losers_of_a_race_are_undone_inside_of_it(
    server: DevServer, recorder: Recorder, task_queue: str
) -> None:
    text = """\
dsl: "1"
name: race
defaults: {timeouts: {start_to_close: 10s}}
steps:
  - id: first
    race:
      fast: [{id: fast, wait: 2s}]
      slow:
        - id: done
          activity: done
          compensate: {activity: undo}
        - id: never
          wait: 1h
"""
    await run_text(server, recorder, task_queue, text, {"done": [{}], "undo": [{}]})
    assert recorder.tree() == [
        "start race",
        "  run race completed",
        "    first completed",
        "      done completed",
        "        attempt done completed",
        "      fast completed",
        "      never cancelled",
        "      undo done completed",
        "        attempt undo completed",
    ]
