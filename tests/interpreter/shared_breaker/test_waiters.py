"""Steps that wait at a shared breaker: who is woken when."""

from __future__ import annotations

import json

from interpreter.shared_breaker.group import BreakerGroup
from interpreter.shared_breaker.orders import Command, Order
from interpreter.shared_breaker.waiters import MOST_WAITERS, Waiter, Waiters
from tests.interpreter.shared_breaker.support import Desk, at


def wait(desk: Desk, number: int, seconds: float) -> None:
    for index in range(number):
        waiter = Waiter(f"run-{index}", "call")
        assert desk.ask(f"p{index}", seconds, waiter).generation is None
        desk.let_wait(waiter, seconds)


def wake(desk: Desk, seconds: float) -> list[str]:
    return [waiter.workflow_id for _, waiter in desk.group.wake(at(seconds))]


def test_only_one_is_woken_in_an_open_period_however_many_wait() -> None:
    desk, woken = Desk(), 0
    desk.tell("fff")
    wait(desk, 200, 1)
    now = 1.0
    for _ in range(5):
        due = desk.group.next_due(at(now))
        assert due is not None
        now = (due - at(0)).total_seconds()
        chosen = wake(desk, now)
        assert len(chosen) == 1
        woken += 1
        assert desk.ask("probe", now, Waiter(chosen[0], "call")).probe
        assert desk.probe_ended("probe", "f", now + 1) == "open"
        desk.let_wait(Waiter(chosen[0], "call"), now + 1)
        now += 1
    assert woken == 5
    assert len(desk.group.waiters[""]) == 200


def test_one_that_was_woken_and_does_not_come_is_followed_by_the_next() -> None:
    desk = Desk()
    desk.tell("fff")
    wait(desk, 2, 1)
    assert wake(desk, 10) == ["run-0"]
    assert wake(desk, 11) == []
    assert desk.group.next_due(at(11)) == at(20)
    assert wake(desk, 20) == ["run-1"]


def test_after_recovery_they_are_woken_no_faster_than_they_came() -> None:
    desk, seen = Desk(), list[int]()
    desk.tell("fff")
    wait(desk, 200, 0)
    (prober,) = wake(desk, 10)
    desk.ask("p", 10, Waiter(prober, "call"))
    assert desk.probe_ended("p", ".", 10) == "closed"
    now = 10.0
    while (due := desk.group.next_due(at(now))) is not None:
        now = (due - at(0)).total_seconds()
        seen.append(len(wake(desk, now)))
    assert sum(seen) == 199
    assert max(seen) == 10, "200 had come in 10 s, and half of that rate are 10 in a second"
    assert now == 10 + 19


def test_nobody_is_woken_while_it_is_open_by_order() -> None:
    desk = Desk()
    desk.tell("fff")
    wait(desk, 3, 1)
    desk.group.obey("", Order(Command.OPEN, "ann"), at(2))
    assert desk.group.next_due(at(2)) is None
    assert wake(desk, 1000) == []
    desk.group.obey("", Order(Command.CLOSE, "ann"), at(1001))
    assert len(wake(desk, 1001)) == 1


def test_a_step_waits_once_and_no_more_wait_than_fit() -> None:
    waiters = Waiters()
    for number in range(MOST_WAITERS):
        assert waiters.add(Waiter(str(number), "a"), at(0))
    assert waiters.add(Waiter("0", "a"), at(1))
    assert not waiters.add(Waiter("one more", "a"), at(1))
    waiters.remove(Waiter("0", "a"))
    assert not waiters.add(Waiter("x" * 200, "a"), at(1))
    assert len(Waiters.restore_state(waiters.export_state())) == MOST_WAITERS - 1


def test_the_peak_after_an_outage_is_less_than_twice_the_normal_rate() -> None:
    """Twenty steps come in each second, also after the outage, and the entity continues as new again and again."""
    desk, rate, down = Desk(failure_threshold=1, wait_duration_in_open_state="70s"), 20, 60
    desk.tell("f", -10)
    for number in range(rate * down):
        desk.let_wait(Waiter(f"run-{number}", "call"), number / rate)
    desk.group.obey("", Order(Command.CLOSE, "ann"), at(down))
    woken = list[float]()
    for tenth in range(10 * down, 40 * down):
        now = tenth / 10
        woken += [now] * len(wake(desk, now))
        desk.group = BreakerGroup.restore_state(json.loads(json.dumps(desk.group.export_state())))
    assert len(woken) == rate * down
    span = 3
    peak = max(sum(begin <= each <= begin + span for each in woken) for begin in set(woken))
    assert peak + rate * span <= 1.7 * rate * span
    assert max(woken) <= down + 2 * 70, "twice as long as it was open"


def test_many_who_come_together_do_not_wait_for_one_another() -> None:
    """Those of an entity that was terminated are told to the next one, which is closed, in parts."""
    desk = Desk()
    for number in range(110):
        desk.let_wait(Waiter(f"run-{number}", "call"), 0 if number < 10 else 0.5)
        if number == 9:
            assert wake(desk, 0) == ["run-0"]
    now, woken = 0.5, list[str]()
    while (due := desk.group.next_due(at(now))) is not None:
        now = (due - at(0)).total_seconds()
        woken += wake(desk, now)
    assert len(woken) == 109
    assert now <= 25, "two open periods and a half"
