"""What workers say to an entity on a real server: twice, late, and many at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from dsl.model import CircuitBreaker
from interpreter.effects import BreakerCall
from interpreter.shared_breaker.messages import Stamped, Tell
from interpreter.shared_breaker.report import CallResult, Entry, Report
from interpreter.shared_breaker.view import MustAsk, SharedState
from interpreter.temporal.entities.serving import serve_entities
from interpreter.temporal.wire.breaker_events import NotReached, SharedBreakerEvent
from interpreter.temporal.worker.breakers.entity import EntityClient
from interpreter.temporal.worker.breakers.watched import Admission, WatchedBreakers
from tests.support.waiting import until
from tests.temporal.breakers.support import Shop

WORKERS = 50
PATIENCE = timedelta(seconds=20)


def build_tell(worker: str, number: int, generation: int, failures: int) -> Tell:
    report = Report()
    report.add("", Entry(generation, CallResult.FAILURE, failures))
    settings = CircuitBreaker.model_validate({"failure_threshold": 3, "wait_duration_in_open_state": "1m"})
    return Tell(Stamped(settings, datetime(2026, 1, 1, tzinfo=UTC)), worker, number, report)


async def test_a_message_that_arrives_twice_or_late_changes_nothing(shop: Shop) -> None:
    entity = EntityClient(shop.client, shop.breaker)
    await entity.start()
    async with serve_entities(shop.client):
        await entity.tell(build_tell("a", 1, 0, 1))
        first = (await shop.show())["breakers"][0]
        generation = first["generation"]
        assert first["counters"]["ignored"] == 1, "it began before the entity did"

        message = build_tell("a", 2, generation, 2)
        for _ in range(3):
            await entity.tell(message)
        again = (await shop.show())["breakers"][0]
        assert (again["state"], again["counters"]["failures"]) == ("closed", 2)

        await entity.tell(build_tell("b", 1, generation, 1))
        assert await shop.state() == "open"
        await shop.entity.execute_update(
            "order", {"key": "", "command": "close", "by": "ann", "reason": "", "lasts": None}
        )
        await entity.tell(build_tell("late", 1, generation, 3))
        late = (await shop.show())["breakers"][0]
        assert (late["state"], late["counters"]["failures"]) == ("closed", 3)
        assert late["counters"]["ignored"] == 4


async def crowd_of(shop: Shop, call: BreakerCall, lost: list[str]) -> list[WatchedBreakers]:
    """The views of many workers."""

    def hear(_: str, event: SharedBreakerEvent) -> None:
        if isinstance(event, NotReached):
            lost.append(event.cause)

    entity = EntityClient(shop.client, shop.breaker)
    crowd = [WatchedBreakers(entity, f"w{number}", hear) for number in range(WORKERS)]
    await asyncio.gather(*(each.prepare(call, PATIENCE) for each in crowd))
    return crowd


def build_call(**said: object) -> BreakerCall:
    settings = CircuitBreaker.model_validate(said)
    return BreakerCall("b", "", None, settings, datetime(2026, 1, 1, tzinfo=UTC))


async def test_fifty_workers_report_at_once(shop: Shop) -> None:
    """None is refused for good, and nothing gets lost."""
    call, lost = build_call(failure_threshold=9_999, wait_duration_in_open_state="1m"), list[str]()
    async with serve_entities(shop.client):
        crowd = await crowd_of(shop, call, lost)
        for _ in range(3):
            await asyncio.gather(*(fail(each) for each in crowd for _ in range(5)))
        assert lost == []
        assert (await shop.show())["breakers"][0]["counters"]["failures"] == WORKERS * 5 * 3
        assert all(each.rpcs <= 10 for each in crowd), "what comes meanwhile is merged"
        await asyncio.gather(*(each.close() for each in crowd))


async def fail(worker: WatchedBreakers) -> None:
    entry = Entry(worker.view.of("").generation, CallResult.FAILURE)
    await worker.messenger.tell("", entry, PATIENCE)


async def test_one_of_fifty_workers_that_ask_at_once_makes_the_probe(shop: Shop) -> None:
    call, lost = build_call(failure_threshold=1, wait_duration_in_open_state="1s"), list[str]()
    async with serve_entities(shop.client):
        crowd = await crowd_of(shop, call, lost)
        await fail(crowd[0])
        opens = crowd[0].view.of("").open_until
        assert opens is not None
        await until(lambda: all(each.view.of("").open_until == opens for each in crowd), "all have heard")
        assert all(isinstance(each.check(call, opens), MustAsk) for each in crowd)
        await asyncio.sleep(1.1)  # the time for which it is open
        answers = await asyncio.gather(
            *(each.ask(call, timedelta(minutes=1), None, PATIENCE, opens) for each in crowd)
        )
        (admission,) = (each for each in answers if isinstance(each, Admission))
        assert admission.permit is not None
        assert lost == []
        await until(
            lambda: all(each.view.of("").state is SharedState.HALF_OPEN for each in crowd), "all have heard"
        )
        assert not any(isinstance(each.check(call, opens), MustAsk) for each in crowd), "nobody else asks now"
        await asyncio.gather(*(each.close() for each in crowd))


@pytest.mark.parametrize("answers", [True, False])
async def test_a_permit_that_comes_too_late_is_given_back(shop: Shop, answers: bool) -> None:
    """Its call has given up: the breaker must not wait for it until its lease ends."""
    call = build_call(failure_threshold=1, wait_duration_in_open_state="1s")
    async with serve_entities(shop.client):
        entity = EntityClient(shop.client, shop.breaker)
        worker = WatchedBreakers(entity, "w", lambda _, event: None)
        await worker.prepare(call, PATIENCE)
        await fail(worker)
        await asyncio.sleep(1.1)  # the time for which it is open
        patience = PATIENCE if answers else timedelta(milliseconds=1)
        answer = await worker.ask(call, timedelta(hours=1), None, patience, datetime.now(UTC))
        assert isinstance(answer, Admission) is answers

        async def probes() -> bool:
            shown = (await shop.show())["breakers"][0]
            return bool(shown["counters"]["probes"] == 1 and shown["probes_under_way"] == int(answers))

        await until(probes, "the permit is where it belongs")
        await worker.close()


async def test_what_is_left_is_told_at_the_end(shop: Shop) -> None:
    call = build_call(failure_threshold=3, wait_duration_in_open_state="1m")
    async with serve_entities(shop.client):
        worker = WatchedBreakers(EntityClient(shop.client, shop.breaker), "w", lambda _, event: None)
        await worker.prepare(call, PATIENCE)
        worker.messenger.tell_later("", Entry(worker.view.of("").generation, CallResult.FAILURE))
        await worker.close()
        assert (await shop.show())["breakers"][0]["counters"]["failures"] == 1
