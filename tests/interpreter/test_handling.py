"""What holds for every run of every definition that handles its errors: by `catch`, `finally`, retries of blocks,
dead letters and the pivot. Seen from outside, by the calls of activities and their idempotency keys.

`STEPFILE_EXAMPLES=20000 pytest tests/interpreter` looks at more of them, and at others every time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, event, given, settings

from interpreter.program.model import Node
from tests.interpreter.definitions import World, worlds
from tests.interpreter.expectation import states
from tests.interpreter.recording import Event, Record, record
from tests.interpreter.test_properties import EXAMPLES, SOAK

pytestmark = pytest.mark.no_cover


@settings(
    max_examples=2 * EXAMPLES,
    deadline=None,
    derandomize=not SOAK,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(worlds(handling=True))
def test_every_run_that_handles_its_errors(world: World) -> None:
    run = record(world)
    seen = {step["state"] for step in states(run).values()}
    event(f"{run.status}, {'caught' if 'caught' in seen else 'nothing caught'}")
    event(f"{len([e for e in _calls(run) if '#' in e.key and not _undoes(e.path)])} effects after an undo")
    what_is_done_is_undone(run)
    an_effect_is_undone_once_and_only_if_it_was_tried(run)
    nothing_is_done_under_a_key_that_was_undone(run)
    what_a_block_has_undone_is_not_undone_inside_it(run)
    nothing_starts_after_the_decision(run)
    what_stands_last_runs_once(run)
    a_letter_comes_before_all_that_is_undone(run)
    a_letter_is_written_at_once(run)
    each_report_is_true(run)
    assert record(world) == run, "the same run takes the same way"


def what_is_done_is_undone(run: Record) -> None:
    """No completed step that has a compensation is left undone in a run that has failed or was cancelled: it was
    undone after it had completed, or a block around it was, or it is reported that this was not possible."""
    saga = run.program.definition.saga
    failed = run.was_failing or (run.status == "cancelled" and saga.on_cancel == "compensate")
    if not failed or run.snapshot["pivot"]:
        return
    given_up = {each["step"] for each in run.snapshot["compensations"] if each["status"] != "completed"}
    for place, done in enumerate(run.events):
        node = run.program.nodes.get(done.path)
        if done.kind == "completed" and node is not None and node.compensation and not _undoes(done.path):
            undone = [e for e in run.events[place:] if e.kind == "call" and _undoes(e.path)]
            own = [e for e in undone if e.key == done.key]
            blocks = [block.path for block in _around(run, node) if block.compensation]
            instead = [e for e in undone if _undone(e.path) in blocks]
            reported = given_up & {done.path, *blocks}
            assert own or instead or reported, f"{done.key} is left undone"


def an_effect_is_undone_once_and_only_if_it_was_tried(run: Record) -> None:
    began: set[str] = set()
    undone: Counter[tuple[str, str]] = Counter()
    for happened in run.events:
        if happened.kind == "step":
            began.add(happened.path)
        elif happened.kind == "call" and _undoes(happened.path):
            undone[happened.path, happened.key] += 1
            assert happened.path.partition(".compensate")[0] in began, f"{happened.path}: nothing to undo"
    assert not [each for each, number in undone.items() if number > 1], "undone twice"


def nothing_is_done_under_a_key_that_was_undone(run: Record) -> None:
    """A service that remembers it would refuse, or answer that it is done."""
    undone: set[tuple[str, str]] = set()
    for happened in _calls(run):
        if _undoes(happened.path):
            undone.add((_undone(happened.path), happened.key))
        else:
            assert (happened.path, happened.key) not in undone, f"{happened.key} after it was undone"


def what_a_block_has_undone_is_not_undone_inside_it(run: Record) -> None:
    by_block: set[tuple[str, str]] = set()
    completed: list[Event] = []
    for happened in run.events:
        if happened.kind == "completed" and not _undoes(happened.path):
            completed.append(happened)
        elif happened.kind == "call" and _undoes(happened.path):
            block = run.program.nodes[_undone(happened.path)]
            inside = {each.path for each in block.walk()} - {block.path}
            assert (block.path, happened.key) not in by_block, (
                f"{happened.path}: the block around has undone it"
            )
            by_block |= {(each.path, each.key) for each in completed if each.path in inside}


def nothing_starts_after_the_decision(run: Record) -> None:
    """Save what undoes, `on_failure`, `finally`, and the letters of what could not be undone."""
    late = {node.path for top in (*run.program.on_failure, *run.program.finally_) for node in top.walk()}
    late |= {node.path for node in run.program.nodes.values() if _is_last(run, node)}
    asked: float | None = None
    for happened in run.events:
        if happened.kind == "cancel requested" and happened.status == "running":
            asked = happened.at
        if happened.kind in ("call", "step") and (asked is not None or happened.status != "running"):
            path = happened.path.removesuffix(".dead_letter")
            is_letter = path != happened.path and (
                asked is None or asked == happened.at
            )  # it was decided before
            assert _undoes(path) or path in late or is_letter, f"{path} starts"


def what_stands_last_runs_once(run: Record) -> None:
    """Once each time that its block was entered."""
    entered = Counter(each.path for each in run.events if each.kind == "step")
    for node in run.program.nodes.values():
        if node.finally_:
            assert entered[node.finally_[0].path] == entered[node.path], f"finally of {node.path}"
    if run.program.finally_:
        assert entered[run.program.finally_[0].path] == 1


def a_letter_comes_before_all_that_is_undone(run: Record) -> None:
    for happened in _calls(run):
        if happened.path.endswith(".dead_letter") and not _undoes(happened.path):
            assert happened.status == "running" or _is_last(
                run, run.program.nodes[happened.path.removesuffix(".dead_letter")]
            ), f"{happened.path} comes late"


def a_letter_is_written_at_once(run: Record) -> None:
    """One each time that its step was entered, and nothing is undone between the failure and its letter."""
    entered = Counter(each.path for each in run.events if each.kind == "step")
    written: Counter[str] = Counter()
    undoing: Counter[str] = Counter()
    for happened in run.events:
        path = happened.path.removesuffix(".dead_letter")
        if happened.kind in ("failed", "unknown"):
            undoing[path] = 0
        elif happened.kind == "call" and _undoes(happened.path):
            undoing.update(undoing.keys())
        elif happened.kind == "call" and path != happened.path:
            written[path] += 1
            node = run.program.nodes[path]
            assert written[path] <= entered[path], f"{path} has more letters than failures"
            assert not undoing[path] or node.catch, (
                f"{path}: the letter comes after what it is about was undone"
            )


def each_report_is_true(run: Record) -> None:
    completed = {(e.path, e.key) for e in run.events if e.kind == "completed"}
    paths = {path for path, _ in completed}
    for each in run.snapshot["compensations"]:
        undoing = [n.path for n in run.program.nodes[f"{each['step']}.compensate"].walk() if n.activity]
        if each["status"] == "completed":
            assert paths >= set(undoing), f"{each['step']} was not undone, though reported so"
    kept = Counter(e.path for e in run.events if e.kind == "completed" and e.path.endswith(".dead_letter"))
    told = Counter(f"{each['step']}.dead_letter" for each in run.snapshot["dead_letters"])
    assert kept == told


def _calls(run: Record) -> Iterator[Event]:
    return (each for each in run.events if each.kind == "call")


def _undoes(path: str) -> bool:
    return ".compensate" in path


def _undone(path: str) -> str:
    """The step that something inside its compensation undoes."""
    return path.partition(".compensate")[0]


def _is_last(run: Record, node: Node) -> bool:
    """Whether it stands in a `finally`, or in `on_failure`."""
    return any(node in list(last.walk()) for last in _lasts(run))


def _lasts(run: Record) -> Iterator[Node]:
    yield from run.program.on_failure
    yield from run.program.finally_
    for node in run.program.nodes.values():
        yield from node.finally_


def _around(run: Record, node: Node) -> list[Node]:
    """The blocks around a step."""
    return [each for each in run.program.nodes.values() if each is not node and node in list(each.walk())]
