"""What those who listen to a run are told is what the run says of itself at its end, and each thing is told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from interpreter.events import (
    CompensationEnded,
    CompensationOrdered,
    CompensationStarted,
    DeadLetterWritten,
    Event,
    ItemEnded,
    RunContinuedAsNew,
    RunEnded,
    RunStarted,
    StepEnded,
    StepStarted,
    UndoingEnded,
    UndoingStarted,
)
from tests.support.ending import Ending


def check_events(ending: Ending) -> None:
    """Check what those who listened were told of a run on the fake."""
    events = ending.observed
    assert events is not None
    _check_run(events, ending)
    _check_steps(events, ending)
    _check_undoing(events, ending)
    letters = [each for each in events if isinstance(each, DeadLetterWritten)]
    kept = [(each.queue, each.step.path) for each in letters if each.lost is None]
    assert kept == [(each["queue"], each["step"]) for each in ending.snapshot["dead_letters"]]


def _check_run(events: list[Event], ending: Ending) -> None:
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunEnded)
    assert events[-1].outcome == ending.status
    assert (events[-1].failure is not None) == (ending.status == "failed")
    kinds = Counter(type(each) for each in events)
    assert kinds[RunStarted] == kinds[RunEnded] == 1
    assert kinds[RunContinuedAsNew] == ending.runs - 1


def _check_steps(events: list[Event], ending: Ending) -> None:
    started = Counter(each.step.path for each in events if isinstance(each, StepStarted))
    ended = Counter(each.step.path for each in events if isinstance(each, StepEnded))
    assert started == ended
    outcomes = {each.step.path: each.outcome for each in events if isinstance(each, StepEnded)}
    attempts = {each.step.path: each.attempts for each in events if isinstance(each, StepEnded)}
    for step in _walk(ending.snapshot["steps"]):
        path = step["step"]
        if step["state"] != "pending":
            assert (outcomes[path], attempts[path]) == (step["state"], step["attempts"]), path
        if "succeeded" in step:
            items = _list_items(events, path)
            succeeded = sum(each.failure is None for each in items)
            assert (succeeded, len(items) - succeeded) == (step["succeeded"], step["failed"]), path


def _list_items(events: list[Event], loop: str) -> list[ItemEnded]:
    """The items of a loop, since it has begun the last time: a block around it may be tried again."""
    items: list[ItemEnded] = []
    for each in events:
        if isinstance(each, StepStarted) and each.step.path == loop:
            items = []
        elif isinstance(each, ItemEnded) and each.loop.path == loop:
            items.append(each)
    return items


def _check_undoing(events: list[Event], ending: Ending) -> None:
    ended = [(each.step.path, each.outcome) for each in events if isinstance(each, CompensationEnded)]
    report = ending.snapshot["compensations"]
    if any(isinstance(each, CompensationOrdered) for each in events):
        assert dict(ended) == {each["step"]: each["status"] for each in report}  # the last word counts
        return
    assert Counter(ended) == Counter((each["step"], each["status"]) for each in report)
    started = [each.step.path for each in events if isinstance(each, CompensationStarted)]
    assert Counter(started) == Counter(step for step, outcome in ended if outcome != "skipped")
    assert sum(each.total for each in events if isinstance(each, UndoingStarted)) == len(ended)
    ends = [each for each in events if isinstance(each, UndoingEnded)]
    assert sum(each.undone for each in ends) == sum(outcome == "completed" for _, outcome in ended)
    assert sum(each.undone + each.not_undone for each in ends) == len(ended)


def _walk(steps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for step in steps:
        yield step
        yield from _walk(step.get("steps", []))
