"""What becomes of a letter, one case after another. `test_properties` has all the others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from interpreter.letters.letter import LetterState
from interpreter.letters.orders import Command, Order, Outcome, RedriveMode, Result
from interpreter.letters.run_end import RunEnd
from interpreter.letters.status import LetterStatus
from interpreter.letters.transitions import (
    RedriveEnd,
    RedriveResult,
    end_redrive,
    end_run,
    fail_again,
    lose_redrive,
    move,
    open_letter,
    take_order,
)
from tests.interpreter.letters.records import BEGAN, build_record, build_start

LATER = BEGAN + timedelta(hours=1)
DONE = RedriveEnd(RedriveResult.COMPLETED)


def begin_redrive(letter: LetterState, mode: RedriveMode = RedriveMode.STEP) -> LetterState:
    order = Order("1", Command.REDRIVE, "ann", "why", build_start(mode), letter.revision)
    return take_order(letter, order, LATER)


def find_outcome(letter: LetterState, order: str = "1") -> Outcome:
    outcome = letter.find_outcome(order)
    assert outcome is not None
    return outcome


@pytest.fixture
def letter() -> LetterState:
    return open_letter("letter", build_record())


def test_a_failure_of_another_run_is_not_swallowed_by_a_redrive_that_succeeds(letter: LetterState) -> None:
    letter = fail_again(begin_redrive(letter), build_record(1))
    assert (letter.status, letter.failures) == (LetterStatus.REDRIVING, 2)
    letter = end_redrive(letter, DONE, LATER)
    assert (letter.status, letter.failures, letter.redrives) == (LetterStatus.OPEN, 2, 0)
    assert "it has failed again meanwhile, in the run run-1" in find_outcome(letter).message


def test_what_was_undone_meanwhile_is_not_taken_for_done(letter: LetterState) -> None:
    """The step has been done alone, and what it relies on is no more."""
    letter = end_run(begin_redrive(letter), RunEnd("run-0", "failed", {"book": 1}))
    letter = end_redrive(letter, DONE, LATER)
    assert letter.status is LetterStatus.OPEN
    assert "has undone what it had done before" in find_outcome(letter).message
    assert letter.summarize().undone


def test_the_end_of_a_run_that_has_undone_nothing_changes_nothing(letter: LetterState) -> None:
    letter = end_run(begin_redrive(letter), RunEnd("run-0", "failed"))
    assert end_redrive(letter, DONE, LATER).status is LetterStatus.RESOLVED


def test_a_whole_run_that_tells_of_its_own_failure_counts_once(letter: LetterState) -> None:
    letter = fail_again(begin_redrive(letter, RedriveMode.RUN), build_record(1))
    letter = end_redrive(letter, RedriveEnd(RedriveResult.FAILED, "Declined", "no money"), LATER)
    assert (letter.status, letter.failures, letter.redrives) == (LetterStatus.OPEN, 2, 1)


def test_a_whole_run_that_has_completed_without_the_step_is_a_redrive_in_vain(letter: LetterState) -> None:
    """`then: continue` completes a run whose step has failed."""
    letter = fail_again(begin_redrive(letter, RedriveMode.RUN), build_record(1))
    letter = end_redrive(letter, DONE, LATER)
    assert (letter.status, letter.redrives) == (LetterStatus.OPEN, 1)


def test_a_step_that_tells_of_its_own_failure_counts_once(letter: LetterState) -> None:
    """A redrive that has undone something writes its letter again."""
    letter = begin_redrive(letter)
    assert letter.redrive is not None
    letter = fail_again(letter, build_record(1, redrive_id=letter.redrive.workflow_id))
    letter = end_redrive(letter, RedriveEnd(RedriveResult.FAILED, "Down", "no"), LATER)
    assert (letter.status, letter.failures, letter.redrives) == (LetterStatus.OPEN, 2, 1)


def test_a_queue_may_allow_no_redrives() -> None:
    letter = begin_redrive(open_letter("letter", build_record(max_redrives=0)))
    assert (letter.status, find_outcome(letter).result) == (LetterStatus.OPEN, Result.REFUSED)
    assert find_outcome(letter).message == "its queue allows no redrives (max_redrives: 0)"


def test_a_letter_that_was_moved_says_where_it_is(letter: LetterState) -> None:
    for number in range(3):
        start = build_start()
        order = Order(str(number), Command.REDRIVE, "ann", "", start, letter.revision)
        letter = end_redrive(
            take_order(letter, order, LATER), RedriveEnd(RedriveResult.FAILED, "A", "b"), LATER
        )
    assert letter.status is LetterStatus.POISON
    letter = take_order(move(letter, "elsewhere"), Order("late", Command.PURGE, "ann"), LATER)
    assert find_outcome(letter, "late").result is Result.REFUSED
    assert "kept as elsewhere" in find_outcome(letter, "late").message
    new = fail_again(letter, build_record(9))
    assert (new.status, new.failures, new.redrives, new.moved_to) == (LetterStatus.OPEN, 1, 0, None)
    assert new.find_outcome("late") is not None, "whoever asks for the outcome still finds it"


def test_a_redrive_without_a_start_is_refused(letter: LetterState) -> None:
    letter = take_order(letter, Order("1", Command.REDRIVE, "ann", revision=1), LATER)
    assert find_outcome(letter).message == "the order does not say what to start"


FACT = Order("fact", Command.RESOLVE, "the run order-1", "it was done in the run run-2", is_fact=True)


@pytest.mark.parametrize("end", [RedriveEnd(result, "Declined", "no money") for result in RedriveResult])
def test_what_a_run_has_done_meanwhile_is_done_however_the_redrive_ends(
    letter: LetterState, end: RedriveEnd
) -> None:
    letter = take_order(begin_redrive(letter), FACT, LATER)
    assert (letter.status, find_outcome(letter, "fact").result) == (LetterStatus.REDRIVING, Result.DONE)
    assert find_outcome(letter, "fact").message == "it ends as soon as the redrive has ended"
    letter = end_redrive(LetterState.from_json("letter", letter.record, letter.to_json()), end, LATER)
    assert letter.status is LetterStatus.RESOLVED


def test_what_fails_again_after_a_run_has_done_it_is_not_swallowed(letter: LetterState) -> None:
    letter = take_order(begin_redrive(letter), FACT, LATER)
    letter = end_redrive(fail_again(letter, build_record(2)), DONE, LATER)
    assert letter.status is LetterStatus.OPEN


def test_a_person_must_wait_for_the_end_of_a_redrive(letter: LetterState) -> None:
    letter = take_order(begin_redrive(letter), Order("2", Command.RESOLVE, "ann"), LATER)
    assert find_outcome(letter, "2").result is Result.REFUSED


def test_a_redrive_of_an_older_release_goes_on(letter: LetterState) -> None:
    letter = begin_redrive(letter)
    written = letter.to_json()
    del written["redrive"]["is_needless"]
    assert LetterState.from_json("letter", letter.record, written) == letter


def test_a_redrive_whose_end_nobody_will_know_leaves_the_letter_open(letter: LetterState) -> None:
    letter = lose_redrive(begin_redrive(letter), "its retention is over", LATER)
    assert (letter.status, letter.redrive, letter.redrives) == (LetterStatus.OPEN, None, 0)
    assert (find_outcome(letter).result, find_outcome(letter).message) == (
        Result.FAILED,
        "its retention is over",
    )


def test_poison_is_redriven_only_if_somebody_wants_it_all_the_same() -> None:
    letter = begin_redrive(open_letter("letter", build_record(max_redrives=1)))
    letter = end_redrive(letter, RedriveEnd(RedriveResult.FAILED, "A", "b"), LATER)
    assert letter.status is LetterStatus.POISON
    refused = take_order(
        letter, Order("2", Command.REDRIVE, "ann", "", build_start(), letter.revision), LATER
    )
    message = find_outcome(refused, "2").message
    assert message == "the letter is poison: 1 redrives have failed, and its queue allows no more"
    order = Order("3", Command.REDRIVE, "ann", "", build_start(), letter.revision, despite_poison=True)
    assert take_order(letter, order, LATER).status is LetterStatus.REDRIVING


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("charge", "charge"),
        ("all[3]/charge", "charge"),
        ("all[3]", "all"),
        ("outer[0]/all[3]", "all"),
        ("steps[2]", "steps[2]"),
    ],
)
def test_a_list_names_a_step_alike_for_all_items(step: str, name: str) -> None:
    assert open_letter("letter", build_record(step=step)).summarize().step_name == name


def test_a_summary_knows_what_became_of_orders(letter: LetterState) -> None:
    summary = begin_redrive(letter).summarize()
    assert (summary.find_outcome("1"), summary.find_outcome("2")) == (summary.outcomes[0], None)


def test_a_long_message_is_cut() -> None:
    letter = open_letter("letter", build_record(error={"type": "Long", "message": "x" * 5000}))
    assert letter.error == "x" * 300 + "…"
