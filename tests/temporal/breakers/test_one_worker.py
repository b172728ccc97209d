"""Shared breakers on one worker: what it costs, what it rejects, and what the run makes of that."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from typing import Any

import pytest
from temporalio import activity
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Replayer, Worker

from interpreter.temporal import plugin
from interpreter.temporal.entities import breaker as entity_module
from interpreter.temporal.entities.breaker import BreakerEntity
from interpreter.temporal.wire.activity_header import ActivityHeader
from interpreter.temporal.worker.interceptor import find_guard
from interpreter.temporal.workflow.workflow import StepfileWorkflow
from stepfile import create_worker, prepare, query_status, read_text, start
from tests.support.history import events_of, letters
from tests.support.waiting import until
from tests.temporal.breakers.support import (
    Shop,
    build_activity,
    count_calls_of,
    outcome,
    read_error,
    wait_for_state,
)

LONG = "{failure_threshold: 3, wait_duration_in_open_state: 60s}"


@asynccontextmanager
async def working(shop: Shop) -> AsyncGenerator[Worker]:
    async with create_worker(shop.client, [build_activity(shop)], task_queue=shop.queue) as worker:
        yield worker


def count_rpcs(worker: Worker, shop: Shop) -> int:
    return find_guard(worker).watched[shop.breaker].rpcs


async def test_healthy_calls_cost_neither_calls_of_the_server_nor_events(shop: Shop) -> None:
    """B16: a thousand."""
    text = f"""
dsl: "1"
name: busy
defaults: {{timeouts: {{start_to_close: 30s}}}}
circuit_breakers: {{{shop.breaker}: {{failure_threshold: 3, wait_duration_in_open_state: 60s}}}}
steps:
  - id: all
    for_each: range(1000)
    concurrency: 50
    collect: none
    steps: [{{id: call, activity: pay, circuit_breaker: {shop.breaker}}}]
"""
    async with working(shop) as worker:
        assert await shop.pay() == "paid"
        events, rpcs = await shop.count_events(), count_rpcs(worker, shop)
        run = await start(
            shop.client, prepare(read_text(text)), workflow_id=shop.queue, task_queue=shop.queue
        )
        assert await outcome(run) == "None"
        assert len(shop.service.calls()) == 1001
        assert count_rpcs(worker, shop) == rpcs
        assert await shop.count_events() == events


@pytest.mark.timing
async def test_a_healthy_call_takes_less_than_a_hundred_microseconds_more(shop: Shop) -> None:
    async with working(shop) as worker:
        assert await shop.pay() == "paid"
        guard, took = find_guard(worker), list[float]()
        header = (await _header_of(shop)).payload()

        async def attempt() -> None:
            return None

        environment = ActivityEnvironment()
        environment.info = replace(environment.info, workflow_id="w")

        async def measure() -> None:
            for _ in range(5):
                began = time.process_time()
                for _ in range(1000):
                    instructions = ActivityHeader.of({"stepfile": header})
                    assert instructions is not None
                    assert instructions.breaker is not None
                    await guard.run(instructions.breaker, activity.info(), attempt)
                took.append((time.process_time() - began) / 1000)

        await environment.run(measure)
        assert min(took) < 100e-6


async def _header_of(shop: Shop) -> ActivityHeader:
    run = await shop.begin()
    await outcome(run)
    for event in await events_of(run):
        if event.HasField("activity_task_scheduled_event_attributes"):
            header = ActivityHeader.of(event.activity_task_scheduled_event_attributes.header.fields)
            assert header is not None
            return header
    raise AssertionError("no activity")


async def test_the_error_of_a_rejected_step(shop: Shop) -> None:
    shop.settings = LONG
    async with working(shop):
        await shop.trip()
        calls = len(shop.service.calls())
        run = await shop.begin(attempts=5)
        error = await read_error(run)
        assert (error["type"], error["attempts"]) == ("CircuitBreakerOpen", 0)
        assert error["details"]["breaker"] == shop.breaker
        assert error["details"]["state"] == "open"
        assert set(error["details"]) == {"breaker", "state", "retry_after"}
        assert error["details"]["retry_after"].startswith("5")
        assert letters(await events_of(run)) == "S St F failed"
        assert len(shop.service.calls()) == calls


async def test_the_server_repeats_and_each_attempt_asks(shop: Shop) -> None:
    """The third failure opens it; the fourth attempt of the same activity is rejected, and costs none."""
    shop.settings = LONG
    shop.service.set("down")
    async with working(shop):
        run = await shop.begin(attempts=6)
        error = await read_error(run)
        assert (error["type"], error["attempts"]) == ("CircuitBreakerOpen", 3)
        assert len(shop.service.calls()) == 3
        assert await count_calls_of(run) == 1


async def test_what_the_service_refuses_says_that_it_is_well(shop: Shop) -> None:
    """B07."""
    shop.service.set("refuses")
    async with working(shop) as worker:
        assert [await shop.pay() for _ in range(5)] == ["Refused"] * 5
        assert count_rpcs(worker, shop) == 1, "nothing but the first look"


async def test_a_cancelled_call_says_nothing_and_gives_its_permit_back(shop: Shop) -> None:
    """B14."""
    async with working(shop):
        await shop.trip()
        shop.service.set("hang")
        await asyncio.sleep(2.1)  # the time for which it is open
        before = len(shop.service.calls())
        probe = await shop.begin(timeouts="{start_to_close: 5s, heartbeat: 1s}")
        await until(lambda: len(shop.service.calls()) > before, "the probe has begun")
        await probe.cancel()
        with pytest.raises(Exception, match="Workflow execution failed"):
            await probe.result()

        async def is_back() -> bool:
            return bool((await shop.show())["breakers"][0]["probes_under_way"] == 0)

        await until(is_back, "the permit is back")
        assert await shop.state() == "half_open"
        shop.service.set("up")

        async def gets_through() -> bool:
            return await shop.pay() == "paid"

        await until(gets_through, "the worker has seen that the permit is back, too")
        assert await shop.state() == "closed"


async def order(shop: Shop, command: str, **more: Any) -> None:
    message = {"key": "", "command": command, "by": "ann", "reason": "drill", **more}
    await shop.entity.execute_update("order", message)


async def test_orders_win(shop: Shop) -> None:
    """B12."""
    async with working(shop):
        assert await shop.pay() == "paid"
        await order(shop, "open")
        await until_pays(shop, "CircuitBreakerOpen")
        await order(shop, "disable")
        shop.service.set("down")
        await until_pays(shop, "Down")
        assert [await shop.pay() for _ in range(5)] == ["Down"] * 5
        shop.service.set("up")
        await order(shop, "open", lasts=2)
        await until_pays(shop, "CircuitBreakerOpen")
        await until_pays(shop, "paid")
        assert await shop.state() == "closed"
        shown = (await shop.show())["breakers"][0]["transitions"]
        assert [(each["after"], each["by"]) for each in shown][:3] == [
            ("forced_open", "ann"),
            ("disabled", "ann"),
            ("forced_open", "ann"),
        ]


async def until_pays(shop: Shop, wanted: str) -> None:
    async def is_so() -> bool:
        return await shop.pay() == wanted

    await until(is_so, f"a run ends with {wanted}", within=10)


@pytest.mark.slow
async def test_steps_that_wait_cost_no_attempt_and_few_events(shop: Shop) -> None:
    """Over several open periods only those are woken that make a probe."""
    shop.settings = "{failure_threshold: 3, wait_duration_in_open_state: 1s}"
    async with working(shop):
        await shop.trip()
        shop.service.set("down")
        calls = len(shop.service.calls())
        runs = [await shop.begin(on_open="wait", attempts=20) for _ in range(20)]

        async def has_probed_often() -> bool:
            return len(shop.service.calls()) >= calls + 4

        await until(has_probed_often, "four probes have failed", within=30)
        status = [(await query_status(run))["steps"][0] for run in runs]
        assert sum("breaker" in step for step in status) >= 18
        shop.service.set("up")
        assert [await outcome(run) for run in runs] == ["paid"] * 20
        events = sorted([(await run.describe()).history_length for run in runs])
        assert events[10] <= 23, "most were woken once"
        history = await runs[0].fetch_history()
        await Replayer(workflows=[StepfileWorkflow]).replay_workflow(history)
    history = await shop.entity.fetch_history()
    await Replayer(workflows=[BreakerEntity]).replay_workflow(history)


async def test_a_step_that_waits_keeps_its_attempts(shop: Shop) -> None:
    """B08: two attempts in all, and waits between them cost none."""
    async with working(shop):
        await shop.trip()
        shop.service.set("down")
        calls = len(shop.service.calls())
        run = await shop.begin(on_open="wait", attempts=2)
        await until(lambda: len(shop.service.calls()) == calls + 1, "the first attempt")
        shop.service.set("up")
        assert await outcome(run) == "paid"
        assert len(shop.service.calls()) == calls + 2
        assert (await query_status(run))["steps"][0]["attempts"] == 2


async def test_a_wait_that_does_not_fit_into_the_budget_is_not_begun(shop: Shop) -> None:
    async with working(shop):
        shop.settings = LONG
        await shop.trip()
        text = f"""
dsl: "1"
name: shop
circuit_breakers: {{{shop.breaker}: {LONG}}}
steps:
  - id: call
    activity: pay
    circuit_breaker: {{name: {shop.breaker}, on_open: wait}}
    timeouts: {{schedule_to_close: 10s}}
"""
        run = await start(
            shop.client, prepare(read_text(text)), workflow_id=shop.queue, task_queue=shop.queue
        )
        assert (await read_error(run))["type"] == "CircuitBreakerOpen"


async def test_a_step_that_waits_can_be_cancelled(shop: Shop) -> None:
    shop.settings = LONG
    async with working(shop):
        await shop.trip()
        run = await shop.begin(on_open="wait")

        async def waits() -> bool:
            return "breaker" in (await query_status(run))["steps"][0]

        await until(waits, "the step waits")
        await run.cancel()
        with pytest.raises(Exception, match="Workflow execution failed"):
            await run.result()
        assert letters(await events_of(run)) == "S St F TS WCR TC canceled"


async def test_an_entity_that_nobody_runs_lets_calls_through_and_says_so_once(
    shop: Shop, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B13: nothing waits for it twice."""

    monkeypatch.setattr(plugin, "serve_entities", nullcontext)
    with caplog.at_level(logging.WARNING, "stepfile.breakers"):
        async with working(shop):
            assert await shop.pay() == "paid"
            shop.service.set("down")
            assert [await shop.pay() for _ in range(6)] == ["Down"] * 6
            said = [each.message for each in caplog.records if "reached" in each.message]
            assert len(said) == 1
    assert "lets all calls through" in said[0]


@pytest.mark.parametrize("state", ["closed", "open", "half_open", "forced_open"])
async def test_it_continues_as_new_in_each_state(
    shop: Shop, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Watchers follow, permits stay valid, and the state is what it was."""
    shop.settings = "{failure_threshold: 3, wait_duration_in_open_state: 3s}"
    async with working(shop):
        assert await shop.pay() == "paid"
        if state in ("open", "half_open"):
            await shop.trip()
        if state == "half_open":
            await asyncio.sleep(3.1)  # the time for which it is open
            shop.service.set("hang")
            before = len(shop.service.calls())
            probe = await shop.begin()
            await until(lambda: len(shop.service.calls()) > before, "the probe has begun")
        if state == "forced_open":
            await order(shop, "open")
        first = (await shop.entity.describe()).run_id
        enough = max(8, await shop.count_events())  # more than a new run begins with
        monkeypatch.setattr(entity_module, "MOST_EVENTS", enough)
        if state == "closed":
            shop.service.set("down")
            assert await shop.pay() == "Down"
            shop.service.set("up")
        else:
            await shop.entity.signal("tell", _EMPTY)

        async def is_another() -> bool:
            return (await shop.entity.describe()).run_id != first

        await until(is_another, "it has continued as new")
        monkeypatch.undo()
        await wait_for_state(shop, state)
        if state == "closed":
            assert await shop.pay() == "paid"
        if state in ("open", "forced_open"):
            assert await shop.pay() == "CircuitBreakerOpen"
        if state == "half_open":
            shop.service.set("up")
            assert await outcome(probe) == "paid"
            await wait_for_state(shop, "closed")


_EMPTY = {
    "stamped": {"settings": {"wait_duration_in_open_state": "1s"}, "since": "2000-01-01T00:00:00+00:00"},
    "worker": "test",
    "number": 1,
    "report": {},
    "asks": [],
}


async def test_keys_are_breakers_of_their_own(shop: Shop) -> None:
    text = f"""
dsl: "1"
name: keyed
input: {{type: object, properties: {{region: {{type: string}}}}}}
defaults: {{timeouts: {{start_to_close: 5s}}, retry: {{maximum_attempts: 1}}}}
circuit_breakers: {{{shop.breaker}: {LONG}}}
steps: [{{id: call, activity: pay, circuit_breaker: {{name: {shop.breaker}, key: "${{ input.region }}"}}}}]
"""

    async def pay(region: str, number: int) -> str:
        submission = prepare(read_text(text), {"region": region})
        return await outcome(
            await start(
                shop.client, submission, workflow_id=f"{shop.queue}-{region}-{number}", task_queue=shop.queue
            )
        )

    async with working(shop):
        shop.service.set("down")
        assert [await pay("eu", number) for number in range(4)] == ["Down"] * 3 + ["CircuitBreakerOpen"]
        shop.service.set("up")
        assert await pay("us", 1) == "paid"
        states = {each["key"]: each["state"] for each in (await shop.show())["breakers"]}
        assert states == {"eu": "open"}, "of the other nothing was ever told"


async def test_a_worker_without_stepfile_is_noticed(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """It asks no breaker, and the run says so."""
    other = f"{shop.queue}-other"
    text = f"""
dsl: "1"
name: foreign
circuit_breakers: {{{shop.breaker}: {LONG}}}
defaults: {{timeouts: {{start_to_close: 5s}}, circuit_breaker: {shop.breaker}, task_queue: {other}}}
steps: [{{id: first, activity: pay}}, {{id: second, activity: pay}}]
"""
    async with working(shop), Worker(shop.client, task_queue=other, activities=[build_activity(shop)]):
        run = await start(
            shop.client, prepare(read_text(text)), workflow_id=shop.queue, task_queue=shop.queue
        )
        assert await outcome(run) == "paid"
        assert (await query_status(run))["unobserved_breakers"] == [shop.breaker]
        assert sum("is not observed" in each.message for each in caplog.records) == 1


async def test_two_workers_of_one_process_share_what_runs_entities(shop: Shop) -> None:
    """temporalio allows one worker of a connection for a task queue. The second goes on when the first has ended."""
    other = f"{shop.queue}-other"
    shop.settings = LONG
    async with create_worker(shop.client, [build_activity(shop)], task_queue=other):
        async with working(shop):
            assert await shop.pay() == "paid"
            assert await shop.pay(queue=other) == "paid"
        shop.queue = other
        await shop.trip()
        await wait_for_state(shop, "open")
