"""One breaker over several worker processes: the rows of the fault matrix, and harder ones."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from interpreter.temporal.dev_server.server import DevServer, run_dev_server
from tests.support.waiting import until
from tests.temporal.breakers.support import Service, Shop, outcome, wait_for_state, worker_process

LONG = "{failure_threshold: 3, wait_duration_in_open_state: 60s}"


@pytest.mark.slow
async def test_what_one_worker_has_seen_holds_for_the_other(server: DevServer, shop: Shop) -> None:
    """B10: the other worker is warm, and lets at most one call through."""
    shop.settings = LONG
    async with (
        worker_process(server, f"{shop.queue}-a", shop.service, "a"),
        worker_process(server, f"{shop.queue}-b", shop.service, "b"),
    ):
        assert await shop.pay(queue=f"{shop.queue}-b") == "paid"
        shop.service.set("down")
        ends = [await shop.pay(queue=f"{shop.queue}-a") for _ in range(5)]
        assert ends == ["Down"] * 3 + ["CircuitBreakerOpen"] * 2
        assert len(shop.service.calls("a")) == 3
        ends = [await shop.pay(queue=f"{shop.queue}-b") for _ in range(3)]
        assert ends[1:] == ["CircuitBreakerOpen"] * 2
        assert len(shop.service.calls("b")) <= 2, "one before the outage, and at most one in it"


@pytest.mark.slow
async def test_a_row_over_two_workers(server: DevServer, shop: Shop) -> None:
    shop.settings = LONG
    async with (
        worker_process(server, f"{shop.queue}-a", shop.service, "a"),
        worker_process(server, f"{shop.queue}-b", shop.service, "b"),
    ):
        assert [await shop.pay(queue=f"{shop.queue}-{name}") for name in "ab"] == ["paid", "paid"]
        shop.service.set("down")
        before = len(shop.service.calls())
        assert [await shop.pay(queue=f"{shop.queue}-{name}") for name in "aba"] == ["Down"] * 3
        await until(partial(_is_kept_away, shop, "b"), "the other worker has heard of it")
        assert len(shop.service.calls()) - before <= 5, "few calls get through before it has heard"


@pytest.mark.slow
async def test_one_probe_at_a_time_over_two_workers(server: DevServer, shop: Shop) -> None:
    """B04: twelve ask together when it may be tried again; one call reaches the service, and it closes."""
    async with (
        worker_process(server, shop.queue, shop.service, "a"),
        worker_process(server, shop.queue, shop.service, "b"),
    ):
        await shop.trip()
        before = len(shop.service.calls())
        shop.service.set("slow 1")
        await asyncio.sleep(2.1)  # the time for which it is open
        runs = [await shop.begin() for _ in range(12)]
        ends = Counter(await asyncio.gather(*map(outcome, runs)))
        assert len(shop.service.calls()) - before == 1
        assert ends == {"paid": 1, "CircuitBreakerOpen": 11}
        assert await shop.state() == "closed"
        assert (await shop.show())["breakers"][0]["counters"]["probes"] == 1


@pytest.mark.slow
async def test_a_sick_worker_does_not_open_it_for_a_healthy_one(server: DevServer, shop: Shop) -> None:
    """While one fails and the other does not, the successes of the other end each row."""
    shop.settings = "{failure_threshold: 12, wait_duration_in_open_state: 60s}"
    shop.service.set("down", "sick")
    async with (
        worker_process(server, f"{shop.queue}-sick", shop.service, "sick"),
        worker_process(server, f"{shop.queue}-well", shop.service, "well"),
    ):
        assert await shop.pay(queue=f"{shop.queue}-well") == "paid"
        for _ in range(16):
            assert await shop.pay(queue=f"{shop.queue}-sick") == "Down"
            assert await shop.pay(queue=f"{shop.queue}-well") == "paid"
        assert await shop.state() == "closed"
        assert await shop.pay(queue=f"{shop.queue}-sick") == "Down"


@pytest.mark.slow
async def test_a_probe_whose_worker_is_killed(server: DevServer, shop: Shop) -> None:
    """Its permit ends by itself: the breaker opens again, and then another call gets through."""
    async with worker_process(server, f"{shop.queue}-b", shop.service, "b"):
        async with worker_process(server, f"{shop.queue}-a", shop.service, "a") as doomed:
            shop.service.set("down")
            while await shop.pay(queue=f"{shop.queue}-a") != "CircuitBreakerOpen":
                pass
            shop.service.set("hang", "a")
            shop.service.set("up")
            await asyncio.sleep(2.1)  # the time for which it is open
            before = len(shop.service.calls("a"))
            await shop.begin(queue=f"{shop.queue}-a")
            await until(lambda: len(shop.service.calls("a")) > before, "the probe has begun")
            doomed.kill()
            assert await shop.pay(queue=f"{shop.queue}-b") == "CircuitBreakerOpen"

            async def gets_through() -> bool:
                return await shop.pay(queue=f"{shop.queue}-b") == "paid"

            await until(gets_through, "a call gets through", within=40)
        shown = (await shop.show())["breakers"][0]
        assert shown["state"] == "closed"
        assert shown["counters"]["lost_probes"] == 1


async def test_the_entity_survives_its_worker_and_the_other_serves_it(server: DevServer, shop: Shop) -> None:
    shop.settings = LONG
    async with worker_process(server, shop.queue, shop.service, "a") as first:
        await shop.trip()
        first.kill()
    async with worker_process(server, shop.queue, shop.service, "b"):
        assert await shop.pay() == "CircuitBreakerOpen"
        await wait_for_state(shop, "open")


@pytest.mark.slow
async def test_it_is_still_open_when_the_server_was_restarted(tmp_path: Path, task_queue: str) -> None:
    folder = tmp_path / "service"
    folder.mkdir()
    service, file = Service(folder), tmp_path / "temporal.db"
    service.set("up")
    async with run_dev_server(db=file) as server:
        shop = Shop(await server.connect(), task_queue, service, settings=LONG)
        async with worker_process(server, shop.queue, service, "a"):
            await shop.trip()
    async with run_dev_server(db=file) as server:
        shop.client = await server.connect()
        async with worker_process(server, shop.queue, service, "b"):
            assert await shop.pay() == "CircuitBreakerOpen"


async def test_a_terminated_entity_lets_calls_through_and_begins_anew(server: DevServer, shop: Shop) -> None:
    """B13: healthy work goes on, and the next outage opens it again."""
    shop.settings = LONG
    async with worker_process(server, shop.queue, shop.service, "a"):
        await shop.trip()
        assert await shop.pay() == "CircuitBreakerOpen"
        await shop.entity.terminate()

        async def gets_through() -> bool:
            return await shop.pay() == "paid"

        await until(gets_through, "a call gets through", within=10)
        await shop.trip()
        assert await shop.state() == "open"


async def test_a_namespace_without_the_entity(client: Client, shop: Shop) -> None:
    """Nobody has called behind this breaker: there is nothing of it on the server."""
    try:
        await shop.entity.describe()
    except RPCError:
        return
    raise AssertionError("there is an entity")


async def _is_kept_away(shop: Shop, worker: str) -> bool:
    return await shop.pay(queue=f"{shop.queue}-{worker}") == "CircuitBreakerOpen"


@pytest.mark.slow
async def test_steps_that_wait_at_a_terminated_entity_are_told_to_the_next_one(
    server: DevServer, shop: Shop
) -> None:
    """Also by a worker that has told of none of them: it has read of them."""
    shop.settings = LONG
    async with worker_process(server, shop.queue, shop.service, "b"):
        async with worker_process(server, f"{shop.queue}-a", shop.service, "a") as doomed:
            await shop.trip()
            runs = [await shop.begin(on_open="wait", queue=f"{shop.queue}-a") for _ in range(4)]
            await _wait_for_waiting_steps(shop, 4)
            doomed.kill()
        async with worker_process(server, f"{shop.queue}-a", shop.service, "c"):
            await shop.entity.terminate()
            async with asyncio.timeout(60):
                assert [await outcome(run) for run in runs] == ["paid"] * 4


@pytest.mark.slow
async def test_who_begins_to_watch_reads_of_steps_that_wait_at_a_terminated_entity(
    server: DevServer, shop: Shop
) -> None:
    shop.settings = LONG
    async with worker_process(server, shop.queue, shop.service, "a") as doomed:
        await shop.trip()
        runs = [await shop.begin(on_open="wait") for _ in range(2)]
        await _wait_for_waiting_steps(shop, 2)
        doomed.kill()
    await shop.entity.terminate()
    async with worker_process(server, shop.queue, shop.service, "b"):
        assert await shop.pay() == "paid"
        async with asyncio.timeout(60):
            assert [await outcome(run) for run in runs] == ["paid"] * 2
            events = [(await run.describe()).history_length for run in runs]
        assert max(events) <= 25, "each was woken once"


async def _wait_for_waiting_steps(shop: Shop, number: int) -> None:
    async def wait_there() -> bool:
        return bool((await shop.show())["breakers"][0]["waiting_steps"] == number)

    await until(wait_there, f"{number} steps wait")
