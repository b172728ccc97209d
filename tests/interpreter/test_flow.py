"""What holds for every run with branches, loops and messages, whatever happens at the same time in them; and that it
makes no difference when such a run continues as new.

`STEPFILE_EXAMPLES=20000 pytest tests/interpreter` looks at more of them, and at others every time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, event, given, settings

from dsl.model import ForEachStep
from dsl.scalars.duration import parse_duration
from interpreter.program.model import Node
from interpreter.program.paths import find_defined
from tests.interpreter.definitions import World, worlds
from tests.interpreter.recording import Event, Record, record
from tests.interpreter.test_properties import EXAMPLES, IN_TIME, SOAK

pytestmark = pytest.mark.no_cover

LETTER = ".dead_letter"


@settings(
    max_examples=EXAMPLES // 2,
    deadline=None,
    derandomize=not SOAK,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(worlds(handling=True, flow=True))
def test_every_run_with_branches_and_loops(world: World) -> None:
    run = record(world)
    many = record(world, force_continue_as_new=True)
    event(f"{run.status}, {min(len(run.snapshot['compensations']), 3)} compensations")
    event(f"continues as new {min(many.runs - 1, 3)} times")
    for each in (run, many):
        what_is_done_is_undone(each)
        an_effect_is_undone_once(each)
        nothing_is_done_under_a_key_that_was_undone(each)
        nothing_starts_after_the_decision(each)
        nothing_is_undone_while_it_still_runs(each, world)
        undone_from_the_last_to_the_first(each)
        what_stands_last_runs_once(each)
        a_letter_is_written_once(each)
    assert record(world) == run, "the same run takes the same way"
    in_many_runs_all_is_as_in_one(run, many)


def what_is_done_is_undone(run: Record) -> None:
    """By its own compensation or by that of a block around it, or it is reported that this was not possible."""
    saga = run.program.definition.saga
    failed = run.was_failing or (run.status == "cancelled" and saga.on_cancel == "compensate")
    if not failed or run.snapshot["pivot"]:
        return
    given_up = {each["step"] for each in run.snapshot["compensations"] if each["status"] != "completed"}
    for place, done in enumerate(run.events):
        if done.kind == "completed" and _is_forward(done.path) and _node(run, done.path).compensation:
            undone = [each for each in run.events[place:] if each.kind == "call" and _undoes(each.path)]
            own = any(each.key == done.key and _undone(each.path) == done.path for each in undone)
            around = _blocks_around(run, done.path)
            instead = any(_undone(each.path) in around for each in undone)
            assert own or instead or given_up & {done.path, *around}, f"{done.key} is left undone"


def an_effect_is_undone_once(run: Record) -> None:
    undone = Counter((each.path, each.key) for each in _calls(run) if _undoes(each.path))
    assert not [each for each, number in undone.items() if number > 1], "undone twice"


def nothing_is_done_under_a_key_that_was_undone(run: Record) -> None:
    """A service that remembers it would answer that it is done. A block undoes all that was done in it."""
    done: list[Event] = []
    undone: set[tuple[str, str]] = set()
    for happened in run.events:
        if happened.kind == "completed" and _undoes(happened.path):
            gone = _undone(happened.path)
            undone |= {(e.path, e.key) for e in done if gone == e.path or gone in _blocks_around(run, e.path)}
        elif happened.kind == "completed" and _is_forward(happened.path):
            done.append(happened)
        elif happened.kind == "call" and _is_forward(happened.path):
            assert (happened.path, happened.key) not in undone, f"{happened.key} after it was undone"


def nothing_starts_after_the_decision(run: Record) -> None:
    """Save what undoes, `on_failure`, `finally`, and the letters that were decided on before."""
    asked: float | None = None
    for happened in run.events:
        if happened.kind == "cancel requested" and happened.status == "running":
            asked = happened.at
        if happened.kind in ("call", "step") and (asked is not None or happened.status != "running"):
            is_letter = happened.path.endswith(LETTER) and asked in (None, happened.at)
            assert is_letter or _undoes(happened.path) or _is_last(run, happened.path), (
                f"{happened.path} starts"
            )


def nothing_is_undone_while_it_still_runs(run: Record, world: World) -> None:
    """When the run is undone, all branches have settled; but an attempt that has run out of its time may go on."""
    running: Counter[str] = Counter()
    for happened in run.events:
        running[happened.path] += {"begins": 1, "stops": -1}.get(happened.kind, 0)
        if happened.kind == "call" and _undoes(happened.path) and happened.status != "running":
            still = [name.removeprefix("do_") for name, number in running.items() if number]
            for step in still:
                node = run.program.nodes.get(step)
                assert not (node and node.compensation and _is_in_time(world, step)), f"{step} still runs"


def _is_in_time(world: World, step: str) -> bool:
    return all(parse_duration(each["takes"]) < IN_TIME for each in world.behaviours[f"do_{step}"])


def undone_from_the_last_to_the_first(run: Record) -> None:
    """In the order of their start; what has started at the same moment in any."""
    if run.program.definition.saga.parallel:
        return
    began: dict[str, float] = {}
    latest: float | None = None
    for happened in run.events:
        if happened.kind == "step" and not _undoes(happened.path):
            began[happened.path] = happened.at
        elif (
            happened.kind == "step" and happened.status != "running" and happened.path.endswith(".compensate")
        ):
            start = began[_undone(happened.path)]
            assert latest is None or start <= latest, f"{happened.path} out of order"
            latest = start


def what_stands_last_runs_once(run: Record) -> None:
    """Once each time that its block was entered."""
    entered = Counter(each.path for each in run.events if each.kind == "step")
    for path, times in entered.items():
        if (node := _node(run, path)).finally_:
            last = f"{path.rpartition('/')[0]}/{node.finally_[0].path}".removeprefix("/")
            assert entered[last] == times, f"finally of {path}"
    if run.program.finally_:
        assert entered[run.program.finally_[0].path] == 1


def a_letter_is_written_once(run: Record) -> None:
    """For each step that was entered, and for each item."""
    entered = Counter(each.path for each in run.events if each.kind == "step")
    for path, times in Counter(each.path.removesuffix(LETTER) for each in _letters(run)).items():
        if not path.endswith("]") or path in entered:  # an item has no entry of its own
            assert times <= entered[path], f"{path} has more letters than failures"
    kept = Counter(each.path for each in _letters(run, "completed"))
    assert kept == Counter(f"{each['step']}{LETTER}" for each in run.snapshot["dead_letters"])


def in_many_runs_all_is_as_in_one(run: Record, many: Record) -> None:
    """Items at the same time take equally long, and nothing says which of them comes first."""
    loops = [node.step for node in run.program.nodes.values() if isinstance(node.step, ForEachStep)]
    if any(loop.concurrency > 1 for loop in loops):
        return
    assert (many.status, many.result, many.error) == (run.status, run.result, run.error)
    assert [(e.path, e.key) for e in _calls(many)] == [(e.path, e.key) for e in _calls(run)]
    told = ("compensations", "dead_letters", "pivot")
    assert [many.snapshot[name] for name in told] == [run.snapshot[name] for name in told]


def _calls(run: Record) -> Iterator[Event]:
    return (each for each in run.events if each.kind == "call")


def _letters(run: Record, kind: str = "call") -> Iterator[Event]:
    return (each for each in run.events if each.kind == kind and each.path.endswith(LETTER))


def _undoes(path: str) -> bool:
    return ".compensate" in path


def _is_forward(path: str) -> bool:
    return not _undoes(path) and not path.endswith(LETTER)


def _undone(path: str) -> str:
    """The step that something inside its compensation undoes."""
    return path.partition(".compensate")[0]


def _node(run: Record, path: str) -> Node:
    node = find_defined(run.program, path.removesuffix(LETTER))
    assert node is not None
    return node


def _blocks_around(run: Record, path: str) -> set[str]:
    """The paths that blocks around a step may have, whichever of its iterations they are in. What stands in `catch`
    or `finally` of a block is no part of what it does."""
    node = _node(run, path)
    blocks = [
        each for each in run.program.nodes.values() if node in [n for part in each.parts for n in part.walk()]
    ]
    frames = [""]
    for part in path.split("/")[:-1]:
        frames.append(f"{frames[-1]}{part}/")
    return {f"{frame}{block.path}" for block in blocks if block.compensation for frame in frames}


def _is_last(run: Record, path: str) -> bool:
    """Whether it stands in a `finally`, or in `on_failure`."""
    node = _node(run, path)
    lasts = [*run.program.on_failure, *run.program.finally_]
    lasts += [last for each in run.program.nodes.values() for last in each.finally_]
    return any(node in list(last.walk()) for last in lasts)
