"""What holds of a letter whatever it is told, and in whatever order."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from os import environ

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from interpreter.letters.letter import KEPT_OUTCOMES, LetterState
from interpreter.letters.orders import Command, Order, Outcome, RedriveMode, Result
from interpreter.letters.run_end import RunEnd
from interpreter.letters.status import LetterStatus
from interpreter.letters.summary import LetterSummary
from interpreter.letters.transitions import (
    RedriveEnd,
    RedriveResult,
    end_redrive,
    end_run,
    fail_again,
    open_letter,
    refuse_redrive,
    take_order,
)
from tests.interpreter.letters.records import BEGAN, build_record, build_start

MOST = 2
"""After so many redrives in vain the letter is poison."""
FAILED = RedriveEnd(RedriveResult.FAILED, "Declined", "still no money")


class LetterMachine(RuleBasedStateMachine):
    """A letter, and what must be known of it."""

    def __init__(self) -> None:
        super().__init__()
        self.letter = open_letter("letter", build_record(max_redrives=MOST))
        self.number = 0
        self.failures = 1
        """How often the effect has failed since the letter was opened."""
        self.unresolved = True
        """Whether it has failed, or was undone, since the last redrive began: then no redrive resolves it."""
        self.needless = False
        """Whether a run has done it since the redrive began: then the letter is resolved however that ends."""
        self.told: list[Order] = []
        self.final: dict[str, Outcome] = {}

    def now(self) -> datetime:
        self.number += 1
        return BEGAN + timedelta(seconds=self.number)

    @rule(in_redrive=st.booleans())
    def fails(self, in_redrive: bool) -> None:
        """The run has failed again, or the run of the redrive."""
        self.now()
        before, redrive = self.letter.status, self.letter.redrive
        is_step = redrive is not None and redrive.start.mode is RedriveMode.STEP
        redrive_id = redrive.workflow_id if redrive is not None and is_step and in_redrive else None
        self.letter = fail_again(
            self.letter, build_record(self.number, redrive_id=redrive_id, max_redrives=MOST)
        )
        is_new = before.has_ended or before is LetterStatus.POISON
        self.failures = 1 if is_new else self.failures + 1
        self.unresolved = True
        self.needless &= redrive_id is not None
        assert self.letter.status is (LetterStatus.REDRIVING if redrive is not None else LetterStatus.OPEN)

    @rule()
    def is_told_twice(self) -> None:
        """A failure that is known changes nothing."""
        assert fail_again(self.letter, self.letter.record) == self.letter

    @rule(undone=st.dictionaries(st.sampled_from(["book", "charge"]), st.just(1)))
    def run_ends(self, undone: dict[str, int]) -> None:
        self.letter = end_run(self.letter, RunEnd(f"run-{self.now()}", "failed", undone))

    @rule(mode=st.sampled_from(RedriveMode))
    def is_redriven(self, mode: RedriveMode) -> None:
        self.is_ordered(Command.REDRIVE, mode, stale=False, despite_poison=True)

    @rule(
        command=st.sampled_from(Command),
        mode=st.sampled_from(RedriveMode),
        stale=st.booleans(),
        despite_poison=st.booleans(),
    )
    def is_ordered(self, command: Command, mode: RedriveMode, stale: bool, despite_poison: bool) -> None:
        now, before = self.now(), self.letter
        order = Order(
            f"order {self.number}",
            command,
            "ann",
            "because",
            build_start(mode),
            before.revision - stale,
            despite_poison,
        )
        self.told.append(order)
        self.letter = take_order(before, order, now)
        outcome = self.letter.find_outcome(order.id)
        assert outcome is not None
        if before.status.has_ended or before.redrive is not None:
            assert outcome.result is Result.REFUSED
        if outcome.result is Result.REFUSED:
            assert replace(self.letter, outcomes=()) == replace(before, outcomes=()), "nothing was done"
            assert outcome.message
        if outcome.result is Result.ACCEPTED:
            self.unresolved = False

    @rule()
    def is_done(self) -> None:
        """A run has done it, and says so."""
        now, before = self.now(), self.letter
        order = Order(f"order {self.number}", Command.RESOLVE, "the run order-1", "resumed", is_fact=True)
        self.told.append(order)
        self.letter = take_order(before, order, now)
        outcome = self.letter.find_outcome(order.id)
        assert outcome is not None
        assert (outcome.result is Result.REFUSED) == before.status.has_ended
        self.needless = before.redrive is not None
        if not before.status.has_ended:
            is_redriven = before.redrive is not None
            assert self.letter.status is (LetterStatus.REDRIVING if is_redriven else LetterStatus.RESOLVED)

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def order_arrives_twice(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.told[-KEPT_OUTCOMES + 1 :]))
        assert take_order(self.letter, order, self.now()) == self.letter

    @precondition(lambda self: self.letter.redrive is not None)
    @rule(
        end=st.sampled_from([FAILED, RedriveEnd(RedriveResult.COMPLETED), RedriveEnd(RedriveResult.STOPPED)])
    )
    def redrive_ends(self, end: RedriveEnd) -> None:
        redrive, before = self.letter.redrive, self.letter
        assert redrive is not None
        self.letter = end_redrive(before, end, self.now())
        self.failures += end.result is RedriveResult.FAILED and not redrive.failed_in_it
        was_resolved = self.letter.status is LetterStatus.RESOLVED
        if self.needless:
            assert was_resolved
        elif self.unresolved or end.result is not RedriveResult.COMPLETED:
            assert not was_resolved, "a failure is never swallowed"
        elif redrive.overtaken is None:
            assert was_resolved
        self.needless = False
        has_failed = end.result is RedriveResult.FAILED or redrive.failed_in_it
        assert self.letter.redrives == before.redrives + has_failed

    @precondition(lambda self: self.letter.redrive is not None)
    @rule()
    def redrive_is_not_started(self) -> None:
        before = self.letter
        self.letter = refuse_redrive(before, "the id is taken", self.now())
        assert (self.letter.status is LetterStatus.RESOLVED) == self.needless
        self.needless = False
        assert (self.letter.failures, self.letter.redrives) == (before.failures, before.redrives)

    @invariant()
    def counts_each_failure_once(self) -> None:
        assert self.letter.failures == self.failures

    @invariant()
    def has_at_most_one_redrive(self) -> None:
        under_way = [each for each in self.letter.outcomes if each.result is Result.ACCEPTED]
        redrive = self.letter.redrive
        assert [each.order for each in under_way] == ([] if redrive is None else [redrive.order])
        assert (self.letter.status is LetterStatus.REDRIVING) == (redrive is not None)

    @invariant()
    def each_order_has_one_outcome(self) -> None:
        ids = [each.order for each in self.letter.outcomes]
        assert len(ids) == len(set(ids)) <= KEPT_OUTCOMES + 1
        for outcome in self.letter.outcomes:
            assert self.final.get(outcome.order, outcome) == outcome, "what was said stays"
            if outcome.is_final:
                self.final[outcome.order] = outcome

    @invariant()
    def poison_is_a_matter_of_redrives(self) -> None:
        most = self.letter.max_redrives
        assert most is not None
        if self.letter.status is LetterStatus.POISON:
            assert self.letter.redrives >= most
        if self.letter.status is LetterStatus.OPEN:
            assert self.letter.redrives < most

    @invariant()
    def is_plain_data(self) -> None:
        letter, summary = self.letter, self.letter.summarize()
        written = json.loads(json.dumps(letter.to_json()))
        assert LetterState.from_json(letter.id, letter.record, written) == letter
        read = LetterSummary.from_json(json.loads(json.dumps(summary.to_json())))
        assert read == summary


LetterMachine.TestCase.settings = settings(
    max_examples=int(environ.get("STEPFILE_EXAMPLES", 300)), stateful_step_count=30, deadline=None
)
TestLetter = LetterMachine.TestCase
