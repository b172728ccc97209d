"""The state machine of a circuit breaker: a table of what happens when, and against a simple oracle."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.model import CircuitBreaker, Definition
from interpreter.failure.failure import Failure, Outcome
from interpreter.state.breaker import Breaker, Permit, Rejected, Verdict, judge
from interpreter.state.sliding_window import EPOCH

START = datetime(2026, 1, 1, tzinfo=UTC)
VERDICTS = {
    ".": Verdict.SUCCESS,
    "s": Verdict.SUCCESS,
    "f": Verdict.FAILURE,
    "x": Verdict.FAILURE,
    "-": Verdict.NOTHING,
}
"""`s` and `x` take longer than `SLOW`."""
SLOW = timedelta(seconds=1)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def breaker(**settings: Any) -> Breaker:
    said = {"scope": "workflow", "wait_duration_in_open_state": "10s", **settings}
    definition = Definition.model_validate(
        {"dsl": "1", "name": "x", "circuit_breakers": {"b": said}, "steps": ({"wait": "1s"},)}
    )
    return Breaker(definition.circuit_breakers["b"])


def acquired(one: Breaker, seconds: float) -> Permit:
    permit = one.acquire(at(seconds))
    assert isinstance(permit, Permit)
    return permit


def record(one: Breaker, permit: Permit, call: str, seconds: float) -> None:
    took = SLOW + timedelta(milliseconds=1) if call in "sx" else SLOW
    one.record(permit, VERDICTS[call], took, at(seconds))


def calls(one: Breaker, script: str, step: float = 0) -> str:
    """One call after the other, `step` seconds apart; `!` where it was rejected, else the state after it."""
    seen = ""
    for index, call in enumerate(script):
        permit = one.acquire(at(index * step))
        if isinstance(permit, Permit):
            record(one, permit, call, index * step)
        seen += "!" if isinstance(permit, Rejected) else one.state.value[0]
    return seen


IN_A_ROW = {"failure_threshold": 3}
HALF = {
    "failure_rate_threshold": 50,
    "sliding_window": {"type": "count", "size": 6},
    "minimum_number_of_calls": 4,
}
SLOWNESS = {
    "slow_call_duration_threshold": "1s",
    "slow_call_rate_threshold": 100,
    "sliding_window": {"size": 2},
}
OF_TIME = {**HALF, "sliding_window": {"type": "time", "size": "10s"}}


@pytest.mark.parametrize(
    ("said", "script", "step", "seen"),
    [
        pytest.param(IN_A_ROW, "fffff", 0, "cco!!", id="so many failures in a row"),
        pytest.param(IN_A_ROW, "ff.fff", 0, "ccccco", id="a success begins the row anew"),
        pytest.param(IN_A_ROW, "ff-f", 0, "ccco", id="nothing learnt: the row goes on"),
        pytest.param(IN_A_ROW, "xxx", 0, "cco", id="nobody asks for slow calls"),
        pytest.param(HALF, "fff.", 0, "ccco", id="no rate before the minimum, then also after a success"),
        pytest.param(HALF, "..........fff.", 0, "cccccccccccco!", id="3 of the last 6"),
        pytest.param(HALF, "ff......ff", 0, "ccco!!!!!!", id="2 of 4"),
        pytest.param(HALF, "f.....f.f", 0, "ccccccccc", id="what is older than the window is forgotten"),
        pytest.param({**HALF, "minimum_number_of_calls": 1}, "f", 0, "o", id="of one call"),
        pytest.param(HALF, "f-f-f-f", 0, "cccccco", id="ignored calls are not in the window"),
        pytest.param({**HALF, "failure_threshold": 2}, "ff", 0, "co", id="whichever comes first"),
        pytest.param(
            {"failure_rate_threshold": 100, "sliding_window": {"size": 3}},
            "ffff",
            0,
            "cco!",
            id="minimum clipped",
        ),
        pytest.param({"failure_rate_threshold": 1}, "f" * 101, 0, "c" * 99 + "o!", id="defaults: 100 of 100"),
        pytest.param(SLOWNESS, "s.xs", 0, "ccco", id="slow calls, failed or not"),
        pytest.param(SLOWNESS, "s-s", 0, "cco", id="how long an ignored call took says nothing"),
        pytest.param(OF_TIME, "ffff", 2, "ccco", id="within the time"),
        pytest.param(OF_TIME, "ffff", 4, "cccc", id="never so many within the time"),
        pytest.param(
            {"failure_rate_threshold": 1, "sliding_window": {"type": "time"}, "minimum_number_of_calls": 3},
            "fff",
            49,
            "cco",
            id="default: 100 seconds",
        ),
        pytest.param(
            {"failure_rate_threshold": 1, "sliding_window": {"type": "time"}, "minimum_number_of_calls": 3},
            "fff",
            50,
            "ccc",
            id="and no more",
        ),
        pytest.param({"failure_threshold": 1}, "f.....", 5, "o!cccc", id="lazily half open, and closed"),
        pytest.param({"failure_threshold": 1}, "ffffff", 5, "o!o!o!", id="and open again"),
        pytest.param(
            {"failure_threshold": 1, "half_open_success_threshold": 2},
            "f--.-.f",
            10,
            "ohhhhco",
            id="two successes",
        ),
        pytest.param(
            {"failure_threshold": 1, "half_open_success_threshold": 2},
            "f.f.",
            10,
            "ohoh",
            id="one is not enough",
        ),
        pytest.param(
            {**SLOWNESS, "failure_threshold": 1}, "fs.", 10, "ooc", id="a slow probe is none of a healthy one"
        ),
        pytest.param(
            {"failure_threshold": 2}, "ff.f.f", 10, "cocccc", id="nothing is left of the time before"
        ),
        pytest.param({**HALF, "minimum_number_of_calls": 2}, "ff.f", 10, "cocc", id="nor of the window"),
    ],
)
def test_calls_one_after_the_other(said: dict[str, Any], script: str, step: float, seen: str) -> None:
    assert calls(breaker(**said), script, step) == seen


def test_a_rejection_says_when_to_ask_again() -> None:
    one = breaker(failure_threshold=1)
    record(one, acquired(one, 0), "f", 3)
    assert one.acquire(at(5)) == Rejected(timedelta(seconds=8))
    assert isinstance(one.acquire(at(13)), Permit)
    assert one.acquire(at(13)) == Rejected(None)


def test_as_many_probes_as_are_permitted() -> None:
    one = breaker(
        failure_threshold=1, permitted_number_of_calls_in_half_open_state=2, half_open_success_threshold=3
    )
    record(one, acquired(one, 0), "f", 0)
    first, second = acquired(one, 10), acquired(one, 10)
    assert one.acquire(at(10)) == Rejected(None)
    record(one, first, "-", 11)
    third = acquired(one, 11)
    assert one.acquire(at(11)) == Rejected(None)
    record(one, second, ".", 12)
    record(one, third, ".", 12)
    assert one.state.value == "half_open"
    record(one, acquired(one, 12), ".", 12)
    assert one.state.value == "closed"


def test_a_permit_is_never_inferred_from_the_state() -> None:
    """While it is open, nothing goes through, whatever has become of the probes."""
    one = breaker(failure_threshold=1, permitted_number_of_calls_in_half_open_state=2)
    record(one, acquired(one, 0), "f", 0)
    failing, lost = acquired(one, 10), acquired(one, 10)
    record(one, failing, "f", 11)
    assert one.acquire(at(12)) == Rejected(timedelta(seconds=9))
    record(one, lost, "-", 13)
    assert one.acquire(at(13)) == Rejected(timedelta(seconds=8))
    assert [isinstance(one.acquire(at(21)), Permit) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("late", ["f", ".", "-"])
def test_what_was_acquired_before_a_change_no_longer_counts(late: str) -> None:
    """Acquired while closed, it ends while open, half open and closed again."""
    one = breaker(failure_threshold=1)
    stale = [acquired(one, 0) for _ in range(3)]
    record(one, acquired(one, 0), "f", 0)
    record(one, stale[0], late, 1)
    assert one.open_until == at(10)
    probe = acquired(one, 10)
    record(one, stale[1], late, 11)
    assert one.acquire(at(11)) == Rejected(None)
    record(one, probe, ".", 12)
    record(one, stale[2], late, 13)
    assert one.state.value == "closed"


def test_a_probe_that_fails_after_the_breaker_has_closed_is_late() -> None:
    one = breaker(failure_threshold=1, permitted_number_of_calls_in_half_open_state=2)
    record(one, acquired(one, 0), "f", 0)
    first, second = acquired(one, 10), acquired(one, 10)
    record(one, first, ".", 11)
    record(one, second, "f", 12)
    assert one.state.value == "closed"


def test_what_people_see() -> None:
    one = breaker(failure_threshold=1)
    assert one.show() == {"state": "closed", "open_until": None}
    record(one, acquired(one, 0), "f", 0)
    assert one.show() == {"state": "open", "open_until": "2026-01-01T00:00:10.000Z"}


FAILED = Failure("Down", "no answer")


@pytest.mark.parametrize(
    ("failure", "verdict"),
    [
        pytest.param(FAILED, Verdict.FAILURE, id="an error"),
        pytest.param(
            Failure("Timeout.StartToClose", "", outcome=Outcome.UNKNOWN), Verdict.FAILURE, id="a timeout"
        ),
        pytest.param(
            Failure("Timeout.Heartbeat", "", outcome=Outcome.UNKNOWN), Verdict.FAILURE, id="a lost worker"
        ),
        pytest.param(
            Failure("Timeout.ScheduleToStart", "", outcome=Outcome.UNKNOWN),
            Verdict.NOTHING,
            id="no worker took it",
        ),
        pytest.param(
            Failure("TooLarge", "", outcome=Outcome.NOT_STARTED), Verdict.NOTHING, id="it never started"
        ),
        pytest.param(
            Failure("WorkerShutdown", "", outcome=Outcome.UNKNOWN), Verdict.NOTHING, id="the worker stopped"
        ),
        pytest.param(Failure("Bad", ""), Verdict.NOTHING, id="an ignored type"),
        pytest.param(Failure("Http.404", ""), Verdict.NOTHING, id="an ignored family"),
        pytest.param(Failure("Declined", "", non_retryable=True), Verdict.NOTHING, id="an answer"),
        pytest.param(Failure("Outage", "", non_retryable=True), Verdict.FAILURE, id="a recorded type"),
        pytest.param(Failure("Both", "", non_retryable=True), Verdict.NOTHING, id="ignored before recorded"),
    ],
)
def test_what_a_failure_says_of_the_service(failure: Failure, verdict: Verdict) -> None:
    one = breaker(
        failure_threshold=1, ignore_error_types=("Bad", "Http", "Both"), record_error_types=("Outage", "Both")
    )
    assert judge(one.settings, failure) is verdict


@dataclass
class Oracle:
    """The same said once more, naively: all calls ever, and what follows from them."""

    settings: CircuitBreaker
    state: str = "closed"
    until: datetime = EPOCH
    era: int = 0
    """How many changes there were."""
    ended: list[tuple[datetime, str]] = field(default_factory=list)
    """Calls of this era that have ended."""
    going: list[int] = field(default_factory=list)
    """The era of each call that is on its way."""

    def admits(self, now: datetime) -> bool:
        if self.state == "open":
            if now < self.until:
                return False
            self.change("half_open")
        here = len([era for era in self.going if era == self.era])
        if self.state == "half_open" and here >= self.settings.permitted_number_of_calls_in_half_open_state:
            return False
        self.going.append(self.era)
        return True

    def ends(self, index: int, call: str, now: datetime) -> None:
        era = self.going.pop(index)
        if era != self.era or call == "-":
            return
        self.ended.append((now, call))
        story = "".join(each for _, each in self.ended)
        if self.state == "half_open":
            if call in "fx" or (call == "s" and self.settings.slow_call_rate_threshold):
                self.open(now)
            elif len(story) == self.settings.half_open_success_threshold:
                self.change("closed")
        elif self.tripped(story, self.window(now)):
            self.open(now)

    def tripped(self, story: str, window: str) -> bool:
        row = self.settings.failure_threshold
        if row and len(story) >= row and set(story[-row:]) <= {"f", "x"}:
            return True
        minimum = self.settings.minimum_number_of_calls or 100
        sliding = self.settings.sliding_window
        assert sliding is not None
        if isinstance(sliding.size, int):
            minimum = min(minimum, sliding.size)
        if len(window) < minimum:
            return False
        failed = self.settings.failure_rate_threshold
        slow = self.settings.slow_call_rate_threshold
        return bool(
            (failed and sum(call in "fx" for call in window) / len(window) >= failed / 100)
            or (slow and sum(call in "sx" for call in window) / len(window) >= slow / 100)
        )

    def window(self, now: datetime) -> str:
        sliding = self.settings.sliding_window
        assert sliding is not None
        if isinstance(sliding.size, int):
            return "".join(call for _, call in self.ended)[-sliding.size :]
        assert sliding.size is not None
        tenth = sliding.size / 10
        this = (now - EPOCH) // tenth
        return "".join(call for when, call in self.ended if (when - EPOCH) // tenth > this - 10)

    def open(self, now: datetime) -> None:
        self.change("open")
        self.until = now + self.settings.wait_duration_in_open_state

    def change(self, state: str) -> None:
        self.state = state
        self.era += 1
        self.ended = []


SIZES = st.one_of(
    st.integers(1, 8).map(lambda size: {"type": "count", "size": size}),
    st.sampled_from(["1s", "5s", "20s"]).map(lambda size: {"type": "time", "size": size}),
)
SETTINGS = st.fixed_dictionaries(
    {
        "sliding_window": SIZES,
        "failure_rate_threshold": st.sampled_from([25, 50, 100]),
        "minimum_number_of_calls": st.integers(1, 8),
        "permitted_number_of_calls_in_half_open_state": st.integers(1, 3),
        "half_open_success_threshold": st.integers(1, 3),
    },
    optional={
        "failure_threshold": st.integers(1, 5),
        "slow_call_duration_threshold": st.just("1s"),
    },
).flatmap(
    lambda said: (
        st.just(said)
        if "slow_call_duration_threshold" not in said
        else st.sampled_from([50, 100]).map(lambda percent: {**said, "slow_call_rate_threshold": percent})
    )
)
MOVES = st.lists(
    st.one_of(
        st.just(("acquire", 0)),
        st.tuples(st.sampled_from(".sfx-"), st.integers(0, 5)),
        st.tuples(st.just("pass"), st.sampled_from([1, 100, 900, 4000, 10_000])),
        st.just(("export", 0)),
    ),
    max_size=60,
)


@settings(max_examples=300)
@given(said=SETTINGS, moves=MOVES)
def test_it_does_what_the_oracle_says(said: dict[str, Any], moves: list[tuple[str, int]]) -> None:
    one, now = breaker(**said), START
    oracle, permits = Oracle(one.settings), list[Permit]()
    for move, number in moves:
        match move:
            case "pass":
                now += timedelta(milliseconds=number)
            case "acquire":
                answer = one.acquire(now)
                assert isinstance(answer, Permit) == oracle.admits(now)
                if isinstance(answer, Permit):
                    permits.append(answer)
            case "export":
                if not permits:  # what is on its way does not move to another run
                    one = Breaker.restore_state(one.settings, json.loads(json.dumps(one.export_state())))
                    oracle.going = []
            case call if permits:
                index = number % len(permits)
                took = timedelta(seconds=2 if call in "sx" else 1)
                one.record(permits.pop(index), VERDICTS[call], took, now)
                oracle.ends(index, call, now)
        assert one.state.value == oracle.state
