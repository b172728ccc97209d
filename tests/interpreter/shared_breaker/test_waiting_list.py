"""What a worker knows of steps that wait, and who must not be forgotten."""

from __future__ import annotations

from interpreter.shared_breaker.waiters import MOST_WAITERS, Waiter
from interpreter.shared_breaker.waiting_list import WaitingList

ONE, TWO, THREE = (Waiter(f"run-{number}", "call") for number in range(3))


def test_who_still_waits_when_the_group_ends_is_an_orphan() -> None:
    known = WaitingList()
    assert not known
    known.learn([(ONE, ""), (TWO, "eu"), (THREE, ""), (ONE, None)])
    assert known.list_orphans() == []
    known.abandon()
    assert known.list_orphans() == [("eu", TWO), ("", THREE)]
    assert known


def test_an_orphan_of_whom_the_next_group_knows_is_none() -> None:
    known = WaitingList()
    known.learn([(ONE, ""), (TWO, "")])
    known.abandon()
    known.learn([(ONE, ""), (TWO, None)])
    assert known.list_orphans() == []
    known.abandon()
    assert known.list_orphans() == [("", ONE)]
    known.learn([(ONE, None)])
    assert not known


def test_no_more_are_noted_than_a_group_lets_wait() -> None:
    known = WaitingList()
    known.learn((Waiter(str(number), "call"), "") for number in range(MOST_WAITERS + 1))
    known.abandon()
    assert len(known.list_orphans()) == MOST_WAITERS
