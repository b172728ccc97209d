"""What several runs of one workflow id have undone is summed up without counting anything twice."""

from __future__ import annotations

from interpreter.effects import UndoneRecord, UndoneStatus
from interpreter.program.model import Bundle
from interpreter.temporal.lineage.sums import list_paths, sum_up
from interpreter.temporal.lineage.undone_run import UndoneRun
from interpreter.temporal.wire.request import StartRequest
from interpreter.temporal.wire.undone_sums import UndoneSums

UNDONE, UNDOING, NOT_UNDONE = UndoneStatus.UNDONE, UndoneStatus.UNDOING, UndoneStatus.NOT_UNDONE


def run(
    name: str, generation: int = 1, before: int = 0, complete: bool = True, **steps: tuple[UndoneStatus, int]
) -> UndoneRun:
    records = {path: UndoneRecord(*each) for path, each in steps.items()}
    return UndoneRun(
        name, generation, StartRequest(Bundle("")), {"a": before} if before else {}, records, complete, False
    )


def test_the_run_that_counts_most_knows_of_all_others() -> None:
    sums = sum_up(run("own"), [run("1", a=(UNDONE, 1)), run("2", before=1, a=(UNDONE, 1))])
    assert sums == UndoneSums({"a": UndoneRecord(UNDONE, 2)}, ("1", "2"), None)


def test_it_is_told_in_the_numbers_of_the_run_that_asks() -> None:
    sums = sum_up(run("own", before=1), [run("1", before=1, a=(UNDONE, 1))])
    assert sums.steps == {"a": UndoneRecord(UNDONE, 1)}


def test_a_run_that_only_knows_of_it_counts_too() -> None:
    assert sum_up(run("own"), [run("1", before=2)]).steps == {"a": UndoneRecord(UNDONE, 2)}


def test_a_doubt_counts_as_long_as_no_other_run_has_undone_the_effect() -> None:
    doubt = run("1", a=(UNDOING, 0), b=(NOT_UNDONE, 0))
    assert sum_up(run("own"), [doubt]).steps == {
        "a": UndoneRecord(UNDOING, 0),
        "b": UndoneRecord(NOT_UNDONE, 0),
    }
    settled = run("2", a=(UNDONE, 1), b=(UNDONE, 1))
    assert {record.status for record in sum_up(run("own"), [doubt, settled]).steps.values()} == {UNDONE}


def test_what_the_run_knows_better_is_not_told() -> None:
    assert sum_up(run("own", before=2), [run("1", a=(UNDONE, 1))]).steps == {}


def test_gaps() -> None:
    assert "more steps than its memo holds" in str(sum_up(run("own"), [run("1", complete=False)]).unknown)
    assert "has begun anew since" in str(sum_up(run("own"), [run("1", generation=2)]).unknown)


def test_paths_are_listed_once_and_in_order() -> None:
    assert list_paths([run("1", b=(UNDONE, 1)), run("2", before=1, b=(UNDONE, 1))]) == ["a", "b"]


def test_an_answer_is_read_as_it_was_written() -> None:
    for sums in (UndoneSums({"a": UndoneRecord(UNDOING, 3)}, ("1",), "why"), UndoneSums()):
        assert UndoneSums.of(sums.to_json()) == sums
