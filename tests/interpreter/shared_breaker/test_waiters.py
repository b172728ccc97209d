"""Steps that wait at a shared breaker: who is woken when."""

from __future__ import annotations

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
    assert max(seen) == 12, "200 had come in 10 s, and three fifths of that rate are 12 in a second"
    assert now == 10 + 16


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
