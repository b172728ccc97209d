"""What waits to be told: it grows while it waits, and shrinks when it no longer matters."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from interpreter.shared_breaker.messages import Ask, Tell, Wait
from interpreter.shared_breaker.report import MOST_ENTRIES, CallResult, Entry, Report
from interpreter.shared_breaker.waiters import Waiter
from tests.interpreter.shared_breaker.support import LEASE, Desk, at, settings, stamped


def test_what_is_stale_is_dropped() -> None:
    report = Report()
    report.add("eu", Entry(1, CallResult.FAILURE, 3))
    report.add("eu", Entry(2, CallResult.FAILURE))
    report.add("us", Entry(1, CallResult.SUCCESS))
    assert report.drop(lambda key, entry: entry.generation == 1) == 4
    assert report.entries == {"eu": [Entry(2, CallResult.FAILURE)]}
    assert report.drop(lambda key, entry: True) == 1
    assert not report


def test_a_report_is_bounded() -> None:
    report = Report()
    for number in range(MOST_ENTRIES + 7):
        report.add("", Entry(number, CallResult.FAILURE))
    assert len(report.entries[""]) == MOST_ENTRIES
    assert report.left_out == 7


@pytest.mark.parametrize(
    ("failed", "seconds", "result"),
    [
        (False, 1, CallResult.SUCCESS),
        (False, 3, CallResult.SLOW_SUCCESS),
        (True, 1, CallResult.FAILURE),
        (True, 3, CallResult.SLOW_FAILURE),
    ],
)
def test_how_a_call_went(failed: bool, seconds: int, result: CallResult) -> None:
    said = settings(slow_call_duration_threshold="2s", slow_call_rate_threshold=50)
    assert CallResult.of(said, failed, timedelta(seconds=seconds)) is result


def test_a_message_with_questions_that_arrives_twice_gives_one_permit() -> None:
    desk = Desk()
    desk.tell("fff")
    message = Tell(desk.stamped, "a", 1, Report(), (Ask("", "p", LEASE), Ask("", "q", LEASE)))
    message = Tell.from_json(json.loads(json.dumps(message.to_json())))
    desk.group.tell(message, at(10))
    seen = desk.group.look(at(10))[""]
    assert (seen.permits, seen.full_until) == (("p",), at(15))
    assert desk.probe_ended("p", "f", 11, worker="b") == "open"
    desk.group.tell(message, at(22))
    assert desk.group.look(at(22))[""].permits == ()


def test_steps_that_wait_survive_the_way() -> None:
    message = Wait(stamped(), (("eu", Waiter("run", "call")), ("", Waiter("run", "other"))))
    assert Wait.from_json(json.loads(json.dumps(message.to_json()))) == message
