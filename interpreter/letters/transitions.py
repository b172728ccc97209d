"""What becomes of a letter: each function makes the next state from one.

A letter is `open` until somebody acts on it, and `redriving` while what has failed is tried again. It ends `resolved`
or `purged`, or is `poison` once it was redriven in vain as often as its queue allows. Whoever keeps letters must hold
to two rules:

- A letter that has ended, or is poison, is put aside before it is told of the next failure: that makes a new letter.
- A redrive begins when `take_order` has made one, and its end is told by `end_redrive`, or `refuse_redrive` if it
  could not begin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

from dsl.scalars.time import format_time, parse_time
from interpreter.letters.letter import (
    KEPT_FAILURES,
    KEPT_OUTCOMES,
    LONGEST_MESSAGE,
    LetterState,
    Redrive,
)
from interpreter.letters.orders import Command, Order, Outcome, Result
from interpreter.letters.run_end import RunEnd
from interpreter.letters.status import LetterStatus


class RedriveResult(Enum):
    """How the run of a redrive has ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"
    """Somebody has cancelled or terminated it, which says nothing of the effect."""


@dataclass(frozen=True, slots=True)
class RedriveEnd:
    """The end of the run of a redrive."""

    result: RedriveResult
    error_type: str = ""
    error: str = ""


def open_letter(letter_id: str, record: Mapping[str, Any]) -> LetterState:
    """Make the letter of a first failure."""
    failed_at = parse_time(record["failed_at"])
    return LetterState(
        id=letter_id,
        record=record,
        status=LetterStatus.OPEN,
        revision=1,
        failures=1,
        redrives=0,
        redrives_begun=0,
        first_failed_at=failed_at,
        last_failed_at=failed_at,
        error_type=record["error"]["type"],
        error=_shorten(record["error"]["message"]),
        known_failures=(_identify(record),),
    )


def fail_again(state: LetterState, record: Mapping[str, Any]) -> LetterState:
    """Take note of another failure of the same effect; one that was told before changes nothing."""
    failure = _identify(record)
    if failure in state.known_failures:
        return state
    if state.status.has_ended or state.status is LetterStatus.POISON:
        new = open_letter(state.id, record)
        return replace(
            new,
            revision=state.revision + 1,
            redrives_begun=state.redrives_begun,
            known_failures=_keep(state.known_failures, new.known_failures[0], KEPT_FAILURES),
            outcomes=state.outcomes,
        )
    return replace(
        state,
        record=record,
        revision=state.revision + 1,
        failures=state.failures + 1,
        last_failed_at=parse_time(record["failed_at"]),
        error_type=record["error"]["type"],
        error=_shorten(record["error"]["message"]),
        known_failures=_keep(state.known_failures, failure, KEPT_FAILURES),
        run_end=None,
        redrive=_note_failure(state.redrive, record),
    )


def end_run(state: LetterState, end: RunEnd) -> LetterState:
    """Take note of the end of the run that has written the record."""
    if state.status.has_ended or state.run_end == end:
        return state
    redrive = state.redrive
    if redrive is not None and end.undone and not redrive.failed_in_it:
        why = f"the run {end.run_id} has ended {end.status} meanwhile, and has undone what it had done before"
        redrive = replace(redrive, overtaken=why)
    return replace(state, run_end=end, revision=state.revision + 1, redrive=redrive)


def take_order(state: LetterState, order: Order, now: datetime) -> LetterState:
    """Carry out an order, or refuse it. One that has arrived before changes nothing."""
    if state.knows_order(order):
        return state
    refusal = _find_refusal(state, order)
    if refusal is not None:
        return _tell(state, order, Result.REFUSED, now, refusal)
    match order.command:
        case Command.RESOLVE if state.redrive is not None:
            state = replace(state, redrive=replace(state.redrive, is_needless=True))
            return _tell(state, order, Result.DONE, now, "it ends as soon as the redrive has ended")
        case Command.RESOLVE:
            return _tell(replace(state, status=LetterStatus.RESOLVED), order, Result.DONE, now)
        case Command.PURGE:
            return _tell(replace(state, status=LetterStatus.PURGED), order, Result.DONE, now)
        case Command.REDRIVE:
            return _tell(_begin_redrive(state, order, now), order, Result.ACCEPTED, now)


def move(state: LetterState, moved_to: str) -> LetterState:
    """Say that a letter that has become poison is kept elsewhere from now on."""
    assert state.status is LetterStatus.POISON
    return replace(state, moved_to=moved_to)


def refuse_redrive(state: LetterState, why: str, now: datetime) -> LetterState:
    """Say that the run of a redrive could not be started: nothing has happened."""
    return _settle(state, _choose_status(state), Result.REFUSED, now, why)


def lose_redrive(state: LetterState, why: str, now: datetime) -> LetterState:
    """Say that nobody will know how the run of a redrive has ended."""
    return _settle(state, _choose_status(state), Result.FAILED, now, why)


def end_redrive(state: LetterState, end: RedriveEnd, now: datetime) -> LetterState:
    """Take note of the end of the run of a redrive."""
    redrive = state.redrive
    assert redrive is not None
    has_failed = end.result is RedriveResult.FAILED or redrive.failed_in_it
    if not has_failed and end.result is RedriveResult.COMPLETED and redrive.overtaken is None:
        return _settle(state, LetterStatus.RESOLVED, Result.DONE, now)
    if not has_failed:
        why = redrive.overtaken or "its run was stopped before it had ended"
        return _settle(state, _choose_status(state), Result.FAILED, now, why)
    if not redrive.failed_in_it:
        state = replace(
            state,
            failures=state.failures + 1,
            last_failed_at=now,
            error_type=end.error_type,
            error=_shorten(end.error),
        )
    state = replace(state, redrives=state.redrives + 1)
    return _settle(state, _choose_status(state), Result.FAILED, now, f"{state.error_type}: {state.error}")


def _choose_status(state: LetterState) -> LetterStatus:
    """The state of a letter whose redrive has ended without success."""
    if state.redrive is not None and state.redrive.is_needless:
        return LetterStatus.RESOLVED
    most = state.max_redrives
    return LetterStatus.OPEN if most is None or state.redrives < most else LetterStatus.POISON


def _find_refusal(state: LetterState, order: Order) -> str | None:
    """Why an order can't be carried out now."""
    redrive = state.redrive
    if state.is_elsewhere:
        return f"the letter is poison, and is kept as {state.moved_to} from now on"
    if state.status.has_ended:
        return f"the letter is {state.status.value} already"
    if redrive is not None and not order.is_fact:
        return (
            f"{redrive.by} redrives the letter since {format_time(redrive.since)}, in the run {redrive.workflow_id}; "
            "wait until that run has ended, or cancel it first"
        )
    if order.command is not Command.REDRIVE:
        return None
    if state.max_redrives == 0:
        return "its queue allows no redrives (max_redrives: 0)"
    if state.status is LetterStatus.POISON and not order.despite_poison:
        return f"the letter is poison: {state.redrives} redrives have failed, and its queue allows no more"
    if order.start is None:
        return "the order does not say what to start"
    if order.revision != state.revision:
        return "the letter has changed since the redrive was planned; plan it anew"
    return None


def _begin_redrive(state: LetterState, order: Order, now: datetime) -> LetterState:
    assert order.start is not None
    number = state.redrives_begun + 1
    workflow_id = order.start.workflow_id or f"{state.id}:redrive:{number}"
    redrive = Redrive(order.id, order.by, order.start, workflow_id, now)
    return replace(state, status=LetterStatus.REDRIVING, redrives_begun=number, redrive=redrive)


def _note_failure(redrive: Redrive | None, record: Mapping[str, Any]) -> Redrive | None:
    if redrive is None:
        return None
    if redrive.workflow_id == record.get("redrive_id"):  # what another run has done stands
        return replace(redrive, failed_in_it=True)
    if redrive.workflow_id == record["workflow_id"]:
        return replace(redrive, failed_in_it=True, is_needless=False)
    why = f"it has failed again meanwhile, in the run {record['run_id']}"
    return replace(redrive, overtaken=why, is_needless=False)


def _settle(
    state: LetterState, status: LetterStatus, result: Result, now: datetime, message: str = ""
) -> LetterState:
    """End a redrive: its order has its final outcome."""
    redrive = state.redrive
    assert redrive is not None
    outcomes = tuple(
        replace(each, result=result, at=now, message=message) if each.order == redrive.order else each
        for each in state.outcomes
    )
    return replace(state, status=status, redrive=None, outcomes=outcomes)


def _tell(state: LetterState, order: Order, result: Result, now: datetime, message: str = "") -> LetterState:
    outcome = Outcome(order.id, order.command, order.by, order.reason, result, now, message, order.changes)
    under_way = state.redrive.order if state.redrive is not None else None
    kept = [each for each in state.outcomes if each.order != under_way]
    pinned = [each for each in state.outcomes if each.order == under_way]
    recent = kept[max(0, len(kept) + 1 - KEPT_OUTCOMES) :]
    return replace(state, outcomes=(*pinned, *recent, outcome))


def _keep(values: tuple[str, ...], value: str, most: int) -> tuple[str, ...]:
    return (*values, value)[-most:]


def _identify(record: Mapping[str, Any]) -> str:
    """Name a failure: a run that tells it twice tells the same."""
    return f"{record['run_id']} {record['failed_at']}"


def _shorten(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}…"
