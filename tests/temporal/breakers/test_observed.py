"""What a worker sees of shared breakers is counted and logged."""

from __future__ import annotations

import json
import logging
from contextlib import nullcontext
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.worker import Worker

from interpreter.shared_breaker.view import SharedState
from interpreter.temporal import plugin
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.observing.shared_breakers import log_breaker_event
from interpreter.temporal.wire.breaker_events import CallEvent, NotReached, ReachedAgain, StateSeen
from interpreter.temporal.worker.interceptor import find_guard
from stepfile import BreakerHandle, JsonFormatter, create_worker, prometheus_config
from tests.support.metrics import check_labels, find_free_port, scrape
from tests.support.waiting import until
from tests.temporal.breakers.support import Service, Shop, build_activity, outcome


@pytest.fixture
def port() -> int:
    """Where the process of the test serves its metrics."""
    return find_free_port()


@pytest.fixture
async def measured(server: DevServer, task_queue: str, service: Service, port: int) -> Shop:
    """A shop whose client, and so its worker, has metrics."""
    runtime = Runtime(telemetry=TelemetryConfig(metrics=prometheus_config(f"127.0.0.1:{port}")))
    client = await Client.connect(server.address, namespace=server.namespace, runtime=runtime)
    return Shop(
        client, task_queue, service, settings="{failure_threshold: 3, wait_duration_in_open_state: 1s}"
    )


def count(shop: Shop, port: int) -> dict[str, float]:
    """What is served of shared breakers."""
    found = scrape(port)
    check_labels(found)
    label = f"breaker={shop.breaker}"
    counted = found.select("stepfile_shared_breaker_")
    assert all(label in name for name in counted)
    return {
        name.removeprefix("stepfile_shared_breaker_")
        .replace(f"{label},", "")
        .removesuffix(f" {label}"): number
        for name, number in counted.items()
    }


def see_state(worker: Worker, shop: Shop) -> SharedState:
    """The state as the worker knows it."""
    return find_guard(worker).watched[shop.breaker].view.of("").state


def read_lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """What is logged of shared breakers, without what each line has."""
    lines = [
        json.loads(JsonFormatter().format(each))
        for each in caplog.records
        if each.name == "stepfile.breakers"
    ]
    names = ("level", "event", "breaker", "key", "state", "cause", "by")
    return [{name: line[name] for name in names if name in line} for line in lines]


async def test_a_breaker_that_opens_rejects_and_closes(
    measured: Shop, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    shop = measured
    caplog.set_level(logging.INFO, "stepfile.breakers")
    async with create_worker(shop.client, [build_activity(shop)], task_queue=shop.queue) as worker:
        assert await shop.pay() == "paid"
        assert count(shop, port) == {"calls_total outcome=permitted": 1}
        await shop.trip()
        rejected = 1
        while (ended := await shop.pay()) == "CircuitBreakerOpen":
            rejected += 1
        assert ended == "paid"
        before = {
            "calls_total outcome=permitted": 5,
            "calls_total outcome=rejected": rejected,
            "changes_total state=closed": 1,
            "changes_total state=half_open": 1,
            "changes_total state=open": 1,
        }
        assert count(shop, port) == before

        shop.service.set("hang")
        run = await shop.begin()
        await until(lambda: len(shop.service.calls()) == 6, "the service is called")
        await BreakerHandle(shop.client, shop.breaker).open("maintenance")
        await until(lambda: see_state(worker, shop) is SharedState.FORCED_OPEN, "the worker sees it")
        shop.service.set("up")
        assert await outcome(run) == "paid"
        assert count(shop, port) == {
            **before,
            "calls_total outcome=permitted": 6,
            "changes_total state=forced_open": 1,
            "results_ignored_total": 1,
        }

        await shop.entity.terminate()
        await until(lambda: see_state(worker, shop) is SharedState.CLOSED, "the worker sees it")
    always = {"event": "breaker_changed", "breaker": shop.breaker, "key": None}
    by_itself = {**always, "by": None}
    ordered = {"cause": "maintenance", "by": shop.client.identity}
    assert read_lines(caplog) == [
        {"level": "warning", **by_itself, "state": "open", "cause": "a threshold was reached"},
        {"level": "info", **by_itself, "state": "half_open", "cause": "a call has asked for a probe"},
        {"level": "info", **by_itself, "state": "closed", "cause": "probes have succeeded"},
        {"level": "warning", **always, "state": "forced_open", **ordered},
        {"level": "info", **by_itself, "state": "closed", "cause": "what was known of it has ended"},
    ]


async def test_an_entity_that_does_not_answer_is_counted(
    measured: Shop, port: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shop = measured

    monkeypatch.setattr(plugin, "serve_entities", nullcontext)
    with caplog.at_level(logging.INFO, "stepfile.breakers"):
        async with create_worker(shop.client, [build_activity(shop)], task_queue=shop.queue):
            assert await shop.pay() == "paid"
            assert count(shop, port) == {"calls_total outcome=permitted": 1, "unreachable_total": 1}
    lost = {"level": "warning", "event": "breaker_unreachable", "breaker": shop.breaker}
    assert read_lines(caplog) == [{**lost, "cause": "no worker runs its entity"}]


def test_control_characters_are_written_escaped(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "stepfile.breakers")
    log_breaker_event("bank", StateSeen("e\x1bu\n", SharedState.FORCED_OPEN, "dr\nill", "an\x07n"))
    (line,) = caplog.messages
    assert line == r'circuit breaker "bank" (e\x1bu\n) is forced open now: dr\nill, by an\x07n'


def test_only_the_first_of_many_failures_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "stepfile.breakers")
    lost = NotReached("no answer", was_reached=True), NotReached("no answer", was_reached=False)
    for event in (
        *CallEvent,
        *lost,
        ReachedAgain(),
        StateSeen("north", SharedState.DISABLED, "drill", "ann"),
    ):
        log_breaker_event("bank", event)
    change = {"key": "north", "state": "disabled", "cause": "drill", "by": "ann"}
    assert read_lines(caplog) == [
        {"level": "warning", "event": "breaker_unreachable", "breaker": "bank", "cause": "no answer"},
        {"level": "warning", "event": "breaker_reached_again", "breaker": "bank"},
        {"level": "info", "event": "breaker_changed", "breaker": "bank", **change},
    ]
