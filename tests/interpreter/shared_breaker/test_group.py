"""The authority over a shared breaker, one thing at a time."""

from __future__ import annotations

import json

from interpreter.shared_breaker.authority import LONGEST_CAUSE
from interpreter.shared_breaker.group import MOST_KEYS, BreakerGroup
from interpreter.shared_breaker.messages import Ask
from interpreter.shared_breaker.orders import Command, Order
from interpreter.shared_breaker.transitions import Counters
from interpreter.shared_breaker.view import BreakerView, GroupView, MustAsk
from interpreter.shared_breaker.waiters import Waiter
from interpreter.state.breaker import Permit, Rejected
from tests.interpreter.shared_breaker.support import LEASE, Desk, at, stamped


def test_a_row_is_counted_over_all_workers() -> None:
    desk = Desk()
    assert desk.tell("ff", worker="a") == "closed"
    assert desk.tell("f", worker="b") == "open"


def test_a_success_of_any_worker_ends_the_row_of_all() -> None:
    desk = Desk()
    desk.tell("ff", worker="a")
    desk.tell(".", worker="b")
    assert desk.tell("ff", worker="a") == "closed"
    assert desk.tell("f", worker="a") == "open"


def test_a_report_that_arrives_twice_counts_once() -> None:
    desk = Desk()
    message = desk.build_tell("a", "ff", None)
    desk.group.tell(message, at(0))
    desk.group.tell(message, at(1))
    assert desk.state(1) == "closed"
    assert desk.tell("f", worker="b") == "open"


def test_a_late_report_from_before_the_last_change_is_ignored() -> None:
    desk = Desk()
    late = desk.build_tell("late", "fff", None)
    desk.tell("fff")
    desk.ask("p", 10)
    assert desk.probe_ended("p", ".", 11) == "closed"
    desk.group.tell(late, at(12))
    assert desk.state(12) == "closed"
    assert desk.group.breakers[""].past.counters.ignored == 3


def test_one_probe_at_a_time() -> None:
    desk = Desk()
    desk.tell("fff")
    assert desk.would_reject(9.9)
    assert not desk.would_reject(10)
    assert desk.ask("p", 10).probe
    assert desk.would_reject(10)
    rejected = desk.ask("q", 11)
    assert (rejected.generation, rejected.retry_after) == (None, at(4) - at(0))
    assert desk.ask("p", 11).probe, "who asks again by the same id gets the same permit"


def test_a_probe_that_is_lost_has_failed_when_its_lease_ends() -> None:
    desk = Desk()
    desk.tell("fff")
    desk.ask("p", 10)
    assert not desk.would_reject(15)
    assert desk.ask("q", 15).retry_after == at(10) - at(0)
    assert desk.state(15) == "open"
    assert desk.ask("r", 25).probe
    assert desk.group.breakers[""].past.counters.lost_probes == 1


def test_the_result_of_a_lost_probe_changes_nothing() -> None:
    desk = Desk()
    desk.tell("fff")
    answer = desk.ask("p", 10)
    assert answer.generation is not None
    desk.ask("q", 25)
    assert desk.probe_ended("p", ".", 26) == "half_open"
    assert desk.probe_ended("q", ".", 27) == "closed"


def test_a_probe_that_reports_twice_counts_once() -> None:
    desk = Desk(half_open_success_threshold=2, permitted_number_of_calls_in_half_open_state=2)
    desk.tell("fff")
    desk.ask("p", 10)
    desk.ask("q", 10)
    assert desk.probe_ended("p", ".", 11, "a") == "half_open"
    assert desk.probe_ended("p", ".", 11, "b") == "half_open"
    assert desk.probe_ended("q", ".", 11) == "closed"


def test_a_probe_that_says_nothing_gives_its_permit_back() -> None:
    desk = Desk()
    desk.tell("fff")
    desk.ask("p", 10)
    assert desk.probe_ended("p", "-", 11) == "half_open"
    assert desk.ask("q", 11).probe


def test_an_order_wins_and_ends() -> None:
    desk = Desk()
    desk.tell("ff")
    desk.group.obey("", Order(Command.OPEN, "ann", "maintenance", at(60)), at(1))
    assert desk.tell("...", 2) == "forced_open"
    assert desk.ask("p", 2).retry_after == at(58) - at(0)
    assert desk.group.next_due(at(2)) == at(60)
    assert desk.group.wake(at(60)) == []
    assert desk.state(60) == "open"
    assert desk.ask("p", 60).probe
    desk.group.obey("", Order(Command.DISABLE, "ann"), at(61))
    assert desk.tell("ffffff", 62) == "disabled"
    assert desk.ask("q", 62).generation is not None
    desk.group.obey("", Order(Command.CLOSE, "ann"), at(63))
    assert desk.tell("ff", 64) == "closed"
    changes = [(each.before, each.after, each.by) for each in desk.group.breakers[""].past.transitions]
    assert changes == [
        ("closed", "forced_open", "ann"),
        ("forced_open", "open", None),
        ("open", "half_open", None),
        ("half_open", "disabled", "ann"),
        ("disabled", "closed", "ann"),
    ]


def test_workers_are_told_what_has_changed_the_state() -> None:
    desk = Desk()
    assert tell_why(desk, 0) is None
    desk.tell("fff")
    assert tell_why(desk, 0) == ("open", "a threshold was reached", None)
    desk.group.obey("", Order(Command.OPEN, "ann", "x" * 1_000), at(1))
    assert tell_why(desk, 1) == ("forced_open", "x" * LONGEST_CAUSE, "ann")
    desk.group = BreakerGroup.restore_state(json.loads(json.dumps(desk.group.export_state())))
    assert tell_why(desk, 1) == ("forced_open", "x" * LONGEST_CAUSE, "ann")
    desk.group.obey("", Order(Command.RESET, "bob"), at(2))
    assert tell_why(desk, 2) == ("closed", "ordered: reset", "bob")
    past = desk.group.breakers[""].past
    assert [each.after for each in past.transitions] == ["closed"], "nothing before the reset is kept"
    assert past.counters == Counters(transitions=1)


def tell_why(desk: Desk, seconds: float) -> tuple[str, str | None, str | None] | None:
    view = desk.group.look(at(seconds)).get("")
    if view is None:
        return None
    view = BreakerView.from_json(json.loads(json.dumps(view.to_json())))
    return view.state.value, view.cause, view.by


def test_the_settings_of_the_latest_run_hold_also_while_it_is_open() -> None:
    desk = Desk()
    desk.tell("fff")
    desk.stamped = stamped(since=5, failure_threshold=1, wait_duration_in_open_state="1s")
    assert desk.ask("p", 6).retry_after == at(4) - at(0), (
        "an open period that has begun stays as long as it was"
    )
    desk.stamped = stamped(since=1, failure_threshold=9)
    assert desk.ask("p", 10).probe
    assert desk.probe_ended("p", ".", 11) == "closed"
    assert desk.tell("f", 12) == "open", "the settings of an older run change nothing"
    assert desk.ask("q", 12).retry_after == at(1) - at(0)


def test_keys_are_apart() -> None:
    desk = Desk()
    assert desk.tell("fff", key="eu") == "open"
    assert desk.tell("ff", key="us") == "closed"


def test_idle_keys_are_forgotten_and_their_generations_never_come_back() -> None:
    desk = Desk()
    desk.tell("fff", key="used")
    desk.ask("p", 10, key="used")
    desk.group.breakers["used"].leases.clear()
    desk.group.obey("used", Order(Command.CLOSE, "ann"), at(11))
    highest = desk.generation("used")
    desk.tell("f", key="troubled")
    for number in range(MOST_KEYS):
        desk.tell(".", key=str(number))
    assert len(desk.group.breakers) == MOST_KEYS
    assert "used" not in desk.group.breakers
    assert "troubled" in desk.group.breakers
    assert desk.group.base > highest


def test_the_state_survives_continue_as_new() -> None:
    desk = Desk()
    desk.tell("fff")
    desk.ask("p", 10)
    desk.group.obey("eu", Order(Command.DISABLE, "ann", "drill", at(99)), at(11))
    desk.group = BreakerGroup.restore_state(json.loads(json.dumps(desk.group.export_state())))
    assert desk.state(12, "eu") == "disabled"
    assert desk.would_reject(12), "the probe is still on its way"
    assert desk.probe_ended("p", ".", 13) == "closed"


def test_a_view_lets_through_only_what_it_may() -> None:
    desk, view = Desk(), GroupView()
    view.learn_base(desk.group.base)
    assert view.check("", at(0)) == Permit(100)
    assert isinstance(view.check("", at(0), known=101), MustAsk)
    desk.tell("fff")
    assert view.learn("", desk.group.look(at(0))[""])
    assert view.check("", at(4)) == Rejected(at(6) - at(0))
    assert isinstance(view.check("", at(10)), MustAsk)


def test_a_view_forgets_what_the_group_forgets() -> None:
    desk, view = Desk(), GroupView()
    desk.tell("fff", key="eu")
    desk.tell("fff", key="us")
    known = desk.group.look(at(0))
    for key, seen in known.items():
        view.learn(key, seen)
    view.forget("eu")
    assert view.check("eu", at(0)) == Permit(0)
    assert view.forget_all() == {"us": known["us"]}
    assert view.check("us", at(0)) == Permit(0)


def test_what_is_said_survives_the_way() -> None:
    ask = Ask("eu", "p", LEASE, Waiter("run", "call"))
    assert Ask.from_json(json.loads(json.dumps(ask.to_json()))) == ask
    order = {"command": "open", "by": "ann", "reason": "", "lasts": 5}
    assert Order.from_json(order, at(1)) == Order(Command.OPEN, "ann", until=at(6))


def test_a_group_ends_only_when_nothing_of_it_matters() -> None:
    desk = Desk()
    assert not BreakerGroup.begin(1).has_settings
    assert desk.group.can_end(at(0))
    desk.tell("fff")
    assert not desk.group.can_end(at(9))
    assert desk.group.can_end(at(10))
    desk.let_wait(Waiter("run", "call"), 10)
    assert not desk.group.can_end(at(10))
    desk.group.waiters.clear()
    desk.group.obey("", Order(Command.DISABLE, "ann"), at(11))
    assert not desk.group.can_end(at(99))
