"""Properties of shared breakers: random calls of several workers, over a network that delays and repeats."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from interpreter.shared_breaker.group import BreakerGroup
from interpreter.shared_breaker.messages import Ask, Stamped, Tell
from interpreter.shared_breaker.orders import Command, Order
from interpreter.shared_breaker.report import CallResult, Entry, Report
from interpreter.shared_breaker.view import BreakerView, GroupView, MustAsk, SharedState
from interpreter.state.breaker import Permit, Rejected
from tests.interpreter.shared_breaker.support import LEASE, LETTERS, START, Desk, at
from tests.interpreter.shared_breaker.support import settings as build_settings

PERMITS = 2
SAID = {
    "failure_threshold": 3,
    "failure_rate_threshold": 60,
    "sliding_window": {"size": 6},
    "minimum_number_of_calls": 4,
    "permitted_number_of_calls_in_half_open_state": PERMITS,
    "half_open_success_threshold": 2,
}
LETTER = st.sampled_from("..ff-")
WORKER = st.integers(0, 2)


@dataclass
class Call:
    """A call on its way."""

    generation: int
    permit: str | None


@dataclass
class Worker:
    """One worker: its view, its calls, and what it has to tell."""

    view: GroupView = field(default_factory=GroupView)
    calls: list[Call] = field(default_factory=list)
    report: Report = field(default_factory=Report)
    number: int = 0
    sent: Tell | None = None
    """A report that was not answered: it may have arrived, or not."""


class SharedBreakers(RuleBasedStateMachine):
    """Three workers and one group."""

    def __init__(self) -> None:
        super().__init__()
        self.stamped = Stamped(build_settings(**SAID), START)
        self.group = BreakerGroup(self.stamped, base=1)
        self.workers = [Worker() for _ in range(3)]
        for each in self.workers:
            each.view.learn_base(1)
        self.now: datetime = START
        self.history: list[BreakerView] = []
        self.delivered: list[Tell] = []
        self.probes: dict[str, tuple[int, datetime]] = {}
        """The model: permits for probes that have neither ended nor been reported."""
        self.ids = 0
        self.watch()

    def watch(self) -> None:
        seen = self.group.look(self.now).get("")
        if seen is not None and (not self.history or self.history[-1] != seen):
            if self.history:
                assert seen.generation >= self.history[-1].generation
                if seen.state is not self.history[-1].state:
                    assert seen.generation > self.history[-1].generation
            self.history.append(seen)

    @rule(worker=WORKER)
    def begin(self, worker: int) -> None:
        one = self.workers[worker]
        answer = one.view.check("", self.now)
        if isinstance(answer, Permit):
            assert one.view.of("").state in (SharedState.CLOSED, SharedState.DISABLED)
            one.calls.append(Call(answer.generation, None))
        elif isinstance(answer, MustAsk):
            self.ask(one)

    def ask(self, one: Worker) -> None:
        self.ids += 1
        message = Ask("", f"p{self.ids}", LEASE)
        self.group.configure(self.stamped)
        knows_all = GroupView(self.group.base, self.group.look(self.now))
        rejects = isinstance(knows_all.check("", self.now), Rejected)
        answer = self.group.ask(message, self.now)
        self.watch()
        state = self.group.look(self.now)[""].state
        if rejects:
            assert answer.generation is None
        if answer.generation is None:
            return
        assert state not in (SharedState.OPEN, SharedState.FORCED_OPEN)
        one.calls.append(Call(answer.generation, message.permit if answer.probe else None))
        assert answer.probe is (state is SharedState.HALF_OPEN)
        if answer.probe:
            self.probes[message.permit] = (answer.generation, self.now + LEASE)
            assert self.count_probes() <= PERMITS

    def count_probes(self) -> int:
        """By the model: how many permits for probes are out."""
        generation = self.history[-1].generation
        return sum(each == generation and end > self.now for each, end in self.probes.values())

    @rule(worker=WORKER)
    def suffer(self, worker: int) -> None:
        """The service fails as often as it takes."""
        one = self.workers[worker]
        for _ in range(4):
            answer = one.view.check("", self.now)
            if isinstance(answer, Permit):
                one.report.add("", Entry(answer.generation, CallResult.FAILURE))
        self.send(worker, arrives=True, answered=True)

    @precondition(lambda self: any(each.calls for each in self.workers))
    @rule(data=st.data(), letter=LETTER)
    def end(self, data: st.DataObject, letter: str) -> None:
        one = data.draw(st.sampled_from([each for each in self.workers if each.calls]))
        call = one.calls.pop(data.draw(st.integers(0, len(one.calls) - 1)))
        if call.permit is not None or one.view.is_current("", call.generation):
            one.report.add("", Entry(call.generation, LETTERS[letter], permit=call.permit))

    @rule(worker=WORKER)
    def lose(self, worker: int) -> None:
        """The worker is killed: it forgets all."""
        self.workers[worker] = Worker(number=self.workers[worker].number)

    @rule(worker=WORKER, arrives=st.sampled_from([True, True, False]), answered=st.booleans())
    def send(self, worker: int, arrives: bool, answered: bool) -> None:
        one = self.workers[worker]
        if one.sent is None:
            if not one.report:
                return
            one.number += 1
            one.sent, one.report = Tell(self.stamped, str(worker), one.number, one.report), Report()
        if not arrives:
            return
        self.deliver(one.sent)
        if answered:
            one.sent = None
            one.view.learn("", self.group.look(self.now)[""])

    def deliver(self, message: Tell) -> None:
        message = Tell.from_json(json.loads(json.dumps(message.to_json())))
        for entry in message.report.entries[""]:
            if entry.permit is not None:
                self.probes.pop(entry.permit, None)
        self.group.wake(self.now)
        self.watch()
        seen = self.history[-1] if self.history else None
        stale = seen is not None and all(
            each.generation != seen.generation for each in message.report.entries[""]
        )
        self.group.tell(message, self.now)
        if stale:
            assert self.group.look(self.now)[""] == seen
        self.delivered.append(message)
        self.watch()

    @precondition(lambda self: self.delivered)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """What has arrived arrives again: it changes nothing but what time has changed."""
        message = data.draw(st.sampled_from(self.delivered))
        self.group.wake(self.now)
        self.watch()
        before = self.group.export_state()
        self.group.tell(message, self.now)
        assert self.group.export_state() == before

    @precondition(lambda self: self.history)
    @rule(worker=WORKER, data=st.data())
    def publish(self, worker: int, data: st.DataObject) -> None:
        """A worker hears of a state, perhaps late."""
        one = self.workers[worker].view
        before = one.of("").generation
        one.learn("", data.draw(st.sampled_from(self.history)))
        assert one.of("").generation >= before

    @rule(seconds=st.sampled_from([0.1, 1, 5, 10]))
    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(command=st.sampled_from(Command), lasts=st.sampled_from([None, 7]))
    def obey(self, command: Command, lasts: int | None) -> None:
        until = self.now + timedelta(seconds=lasts) if lasts else None
        self.group.obey("", Order(command, "ann", until=until), self.now)
        self.probes.clear()
        self.watch()
        wanted = {Command.OPEN: SharedState.FORCED_OPEN, Command.DISABLE: SharedState.DISABLED}
        assert self.group.look(self.now)[""].state is wanted.get(command, SharedState.CLOSED)

    @rule()
    def continue_as_new(self) -> None:
        self.group = BreakerGroup.restore_state(json.loads(json.dumps(self.group.export_state())))

    @rule()
    def be_asked_until_it_lets_through(self) -> None:
        """Whatever has happened: with time, and without an order, a call gets through."""
        if self.group.breakers.get("") is not None and self.group.breakers[""].order is not None:
            return
        self.now += LEASE + self.group.settings.wait_duration_in_open_state
        self.group.wake(self.now)
        self.now += self.group.settings.wait_duration_in_open_state
        one = Worker()
        self.ask(one)
        assert one.calls

    @invariant()
    def never_more_probes_than_permits(self) -> None:
        one = self.group.breakers.get("")
        if one is not None:
            assert len(one.leases) <= (PERMITS if one.state is SharedState.HALF_OPEN else 0)
            assert one.leases.keys() <= self.probes.keys()

    @invariant()
    def a_view_is_one_of_the_past(self) -> None:
        for each in self.workers:
            known = each.view.breakers.get("")
            assert known is None or known in self.history or known.state is SharedState.CLOSED


TestSharedBreakers: Any = SharedBreakers.TestCase
TestSharedBreakers.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)

CALLS = st.lists(st.tuples(st.sampled_from([100, 100, 100, 99]), LETTER), max_size=30)


@settings(deadline=None)
@given(CALLS, st.integers(0, 30))
def test_a_report_says_the_same_in_one_part_as_in_two(calls: list[tuple[int, str]], cut: int) -> None:
    states: list[Any] = []
    for parts in ([calls], [calls[:cut], calls[cut:]]):
        desk = Desk(**SAID)
        for number, part in enumerate(parts, 1):
            report = Report()
            for generation, letter in part:
                report.add("", Entry(generation, LETTERS[letter]))
            desk.group.tell(Tell(desk.stamped, "w", number, report), at(0))
        states.append([each.export_state() for each in desk.group.breakers.values()])
    assert states[0] == states[1]


@settings(deadline=None)
@given(st.lists(LETTER, min_size=1, max_size=40))
def test_a_report_keeps_the_order_and_the_number_of_calls(letters: list[str]) -> None:
    report = Report()
    for letter in letters:
        report.add("", Entry(1, LETTERS[letter]))
    told = [entry.result for entry in report.entries[""] for _ in range(entry.number)]
    assert told == [LETTERS[letter] for letter in letters]
    assert CallResult.NOTHING.troubles is False
