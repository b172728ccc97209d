"""What holds for every run of every definition, whatever its activities do and whenever it is cancelled.

`STEPFILE_EXAMPLES=20000 pytest tests/interpreter` looks at more of them, and at others every time.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, event, given, settings

from dsl.scalars.duration import parse_duration
from tests.interpreter.definitions import START_TO_CLOSE, World, worlds
from tests.interpreter.expectation import Expectation, states
from tests.interpreter.recording import Record, record

pytestmark = pytest.mark.no_cover

EXAMPLES = int(os.environ.get("STEPFILE_EXAMPLES", "150"))
IN_TIME = parse_duration(START_TO_CLOSE)
SOAK = "STEPFILE_EXAMPLES" in os.environ


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not SOAK,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(worlds())
def test_every_run(world: World) -> None:
    run = record(world)
    event(f"{run.status}, {min(len(run.snapshot['compensations']), 3)} compensations")
    everything_due_is_undone_and_nothing_else(run)
    nothing_is_undone_twice(run)
    nothing_starts_after_the_decision(run)
    what_runs_is_stopped(run, world)
    what_is_undone_does_not_run_any_more(run, world)
    undone_in_reverse_order_when_all_has_settled(run)
    the_status_is_true(run)
    the_end_is_what_was_decided(run)
    the_memo_is_true(run)
    assert record(world) == run, "the same run takes the same way"


def everything_due_is_undone_and_nothing_else(run: Record) -> None:
    due = [node.path for node in Expectation.of(run).undone]
    reported = {each["step"]: each["status"] for each in run.snapshot["compensations"]}
    assert sorted(reported) == sorted(due)
    saga = run.program.definition.saga
    if not saga.parallel:
        last = list(reported.values()).index("failed") if "failed" in reported.values() else len(reported)
        assert [status == "skipped" for status in reported.values()] == [
            place > last and not saga.continue_on_error for place in range(len(reported))
        ]
    else:
        assert "skipped" not in reported.values()
    completed = {event.path for event in run.events if event.kind == "completed"}
    for path, status in reported.items():
        undoing = [n.path for n in run.program.nodes[f"{path}.compensate"].walk() if n.activity]
        if status == "completed":
            assert completed >= set(undoing), f"{path} was not undone, though reported so"
        else:
            assert not completed >= set(undoing) or _late(run, path), f"{path} was undone"


def _late(run: Record, path: str) -> bool:
    error = next(each["error"] for each in run.snapshot["compensations"] if each["step"] == path)
    return error is not None and error["type"] == "DeadlineExceeded"


def the_memo_is_true(run: Record) -> None:
    """What the memo of the run keeps, for whoever has no worker to ask, is what the run reports."""
    words = {"completed": "undone", "failed": "not_undone", "skipped": "not_undone"}
    reported = {each["step"]: words[each["status"]] for each in run.snapshot["compensations"]}
    assert {path: status for path, status in run.undone.items() if path in reported} == reported
    inside = {
        node.key_path
        for path, status in reported.items()
        if status == "undone"
        for node in run.program.nodes[path].walk()
    }
    assert set(run.undone) <= set(reported) | inside, "only what is inside something undone is undone with it"


def nothing_is_undone_twice(run: Record) -> None:
    calls = Counter(event.path for event in run.events if event.kind == "call")
    assert not {path: n for path, n in calls.items() if n > 1}, "each step is called once"
    reported = [each["step"] for each in run.snapshot["compensations"]]
    assert len(reported) == len(set(reported))


def nothing_starts_after_the_decision(run: Record) -> None:
    """No step catches errors: the first failure, deadline or request decides. A `return` does too, but hides it."""
    forward = {node.path for top in run.program.steps for node in top.walk() if not _undoes(node.path, run)}
    decided = False
    for happened in run.events:
        if happened.kind in ("call", "wait") and happened.path in forward:
            assert not decided, f"{happened.path} starts after the decision"
        decided = decided or happened.kind in (
            "failed",
            "unknown",
            "cancelled",
            "deadline",
            "cancel requested",
        )


def what_runs_is_stopped(run: Record, world: World) -> None:
    """A deadline or a request reaches the step that runs, and unless it is deaf it ends at once."""
    running: str | None = None
    stopped: float | None = None
    for happened in run.events:
        if happened.kind == "call" and not _undoes(happened.path, run):
            running = happened.path
        elif happened.path == running:
            deaf = any(each.get("deaf") for each in world.behaviours[f"do_{running}"])
            assert deaf or stopped is None or happened.at == stopped, f"{running} goes on"
            running = None
        elif happened.kind in ("deadline", "cancel requested") and running and stopped is None:
            stopped = happened.at


def what_is_undone_does_not_run_any_more(run: Record, world: World) -> None:
    """Unless an attempt has run out of its time and goes on all the same."""
    running: Counter[str] = Counter()
    for happened in run.events:
        running[happened.path] += {"begins": 1, "stops": -1}.get(happened.kind, 0)
        if happened.kind == "cancelled" and run.program.nodes[happened.path].compensation:
            activity = f"do_{happened.path}"
            in_time = all(parse_duration(each["takes"]) < IN_TIME for each in world.behaviours[activity])
            assert not (in_time and running[activity]), f"{happened.path} still runs"


def undone_in_reverse_order_when_all_has_settled(run: Record) -> None:
    undone = Expectation.of(run).undone
    place = {
        n.path: i for i, each in enumerate(undone) if each.compensation for n in each.compensation.walk()
    }
    forward = {node.path for top in run.program.steps for node in top.walk()} - set(place)
    saga = run.program.definition.saga
    running: set[str] = set()
    last = -1
    for happened in run.events:
        here = place.get(happened.path)
        if happened.kind == "call":
            if here is not None:
                still = {path for path in running & forward if run.program.nodes[path].compensation}
                assert not still, f"{happened.path} starts while {still} go on"
                assert saga.parallel or here >= last, f"{happened.path} out of order"
                assert saga.parallel or not {p for p in running & set(place) if place[p] != here}
                last = here
            running.add(happened.path)
        elif happened.kind in ("completed", "failed", "unknown", "cancelled"):
            running.discard(happened.path)


def the_status_is_true(run: Record) -> None:
    told = states(run)
    ended = {e.path: e.kind for e in run.events if e.kind in ("completed", "failed", "unknown", "cancelled")}
    reported = {each["step"]: each["status"] for each in run.snapshot["compensations"]}
    assert run.snapshot["status"] == run.status
    for path, step in told.items():
        state = step["state"]
        assert state != "running", path
        if state == "pending":
            assert (step["started_at"], step["ended_at"]) == (None, None), path
        elif state != "skipped":
            assert step["started_at"] <= step["ended_at"], path
        if step["activity"] and path in ended:
            allowed = {
                "completed": {"completed", "failed"},  # too late for its deadline
                "failed": {"failed"},
                "unknown": {"failed"},
                "cancelled": {"cancelled", "failed"},
            }
            assert state in allowed[ended[path]], (path, state, ended[path])
        elif step["activity"]:
            assert state in ("pending", "skipped", "failed", "cancelled"), path
        if "compensation" in step:
            expected = reported.get(path, "pending")
            assert step["compensation"]["state"] == expected, path
        for inner in step.get("steps", []):
            if inner["state"] in ("failed", "cancelled"):
                assert state in ("failed", "cancelled"), f"{path} is {state}, {inner['step']} inside is not"
        assert (step["error"] is not None) == (state == "failed"), path


def the_end_is_what_was_decided(run: Record) -> None:
    """Cancelled if it was asked to stop before it knew that it fails; else failed if anything has."""
    kinds = [event.kind for event in run.events if not _undoes(event.path, run)]
    asked = kinds.index("cancel requested") if "cancel requested" in kinds else len(kinds)
    if run.status == "completed":
        assert run.was_failing or "failed" not in kinds
    if run.status == "cancelled":
        assert asked < len(kinds)
    if asked < len(kinds) and run.status != "cancelled":
        assert run.was_failing, "a request to stop got lost"
        assert not {"failed", "unknown"} & set(kinds[asked:]), "the request came first"
    if run.status == "failed":
        assert run.error is not None
        assert run.error["step"] is None or run.error["step"] in run.program.nodes


def _undoes(path: str, run: Record) -> bool:
    on_failure = {node.path for top in run.program.on_failure for node in top.walk()}
    return ".compensate" in path or path in on_failure
