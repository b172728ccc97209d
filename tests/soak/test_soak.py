"""A short soak finds nothing wrong, and its checks find what is made wrong on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import WorkflowHistory

from tests.soak.chaos import plan_few_strikes
from tests.soak.checks import check_history, check_ledger, list_activities
from tests.soak.ledger import Call, Ledger, Refused
from tests.soak.sagas import DEFINITIONS, EndedSaga, Saga
from tests.soak.soak import Report, run_soak

RUNS = 24
SEED = 3
SEQUENCE = next(file for file in DEFINITIONS if file.stem == "sequence")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Run some sagas, while a worker is killed, then the server, then the other worker."""
    return await run_soak(
        tmp_path_factory.mktemp("soak"), RUNS, SEED, plan_few_strikes(SEED), concurrent_runs=RUNS
    )


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="module")
async def test_the_ledger_balances_and_no_run_is_stuck(report: Report) -> None:
    assert report.wrong == [], str(report)
    assert len(report.ended) == RUNS
    assert report.done["worker killed"] >= 1, str(report)
    assert report.done["server SIGKILL"] == 1, str(report)
    assert report.words["undid"] > 0
    assert {each.status for each in report.ended} >= {"COMPLETED", "FAILED"}


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="module")
async def test_a_history_that_lacks_an_undo_is_found(report: Report) -> None:
    end = next(each for each in report.ended if each.saga.definition == SEQUENCE and not each.kept)
    assert end.history is not None
    undo = next(call for call in list_activities(end.history) if call.undoes)
    events = [
        event
        for event in end.history.events
        if event.event_id != undo.scheduled
        and all(
            getattr(attributes, "scheduled_event_id", None) != undo.scheduled
            for _, attributes in event.ListFields()
        )
    ]
    found = list(check_history(replace(end, history=WorkflowHistory(end.saga.run, events))))
    assert len(found) == 1
    assert found[0].startswith(f"{undo.key}: ")
    assert found[0].endswith("and not undone")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Make a ledger in which two steps were done, and undone in reverse order."""
    made = Ledger(tmp_path / "ledger.db")
    made.create()
    for step, amount in (("a", 5), ("b", 7)):
        made.begin(_call(step))
        assert made.do(_call(step), amount)[1]
    assert made.undo(_call("b"), None)
    assert made.undo(_call("a"), None)
    return made


def _call(step: str) -> Call:
    return Call(f"run/{step}", "move", 1)


FAILED = EndedSaga(Saga("run", SEQUENCE, 5, None), "FAILED", "Declined", "no", kept=False, seconds=1.0)
COMPLETED = replace(FAILED, status="COMPLETED", error=None, kept=True)


def test_a_ledger_that_is_right(ledger: Ledger) -> None:
    assert list(check_ledger(ledger, [FAILED])) == []


WRONG: dict[str, tuple[Callable[[Ledger], object], str]] = {
    "an undo is missing": (
        lambda ledger: ledger.tamper("DELETE FROM effects WHERE kind = 'undo' AND key = 'run/a'"),
        "run/a: done and never undone",
    ),
    "an undo has not reached the account": (
        lambda ledger: ledger.tamper("UPDATE accounts SET balance = 5 WHERE name = 'run'"),
        "run: FAILED, but 5 is left on its account",
    ),
    "money comes from nowhere": (
        lambda ledger: ledger.tamper("UPDATE accounts SET balance = balance + 1"),
        "the accounts sum up to 2",
    ),
    "the order is wrong": (
        lambda ledger: ledger.tamper("UPDATE effects SET id = 1000 WHERE kind = 'undo' AND key = 'run/b'"),
        "run: not undone in reverse order",
    ),
    "it was undone first": (
        lambda ledger: ledger.tamper("UPDATE effects SET id = 0 WHERE kind = 'undo' AND key = 'run/a'"),
        "run/a: undone before it was done",
    ),
    "a late call was let in": (
        lambda ledger: ledger.tamper("UPDATE effects SET kind = 'tombstone' WHERE kind = 'undo'"),
        "run/a: done, although it was to be refused as undone before",
    ),
}


@pytest.mark.parametrize(("break_it", "found"), WRONG.values(), ids=WRONG)
def test_a_ledger_that_is_wrong(ledger: Ledger, break_it: Callable[[Ledger], object], found: str) -> None:
    break_it(ledger)
    assert found in list(check_ledger(ledger, [FAILED]))


def test_a_completed_run_keeps_what_it_has_done(ledger: Ledger) -> None:
    assert "run/a: undone, but the run has completed" in list(check_ledger(ledger, [COMPLETED]))
    assert "run/c: never done, but the run has completed" in list(check_ledger(ledger, [COMPLETED]))


def test_the_ledger_is_idempotent_by_key(ledger: Ledger) -> None:
    first, moved = ledger.do(_call("c"), 1)
    assert moved
    assert ledger.do(_call("c"), 1) == (first, False)
    assert ledger.undo(_call("c"), first)
    assert not ledger.undo(_call("c"), None)
    assert ledger.undo(_call("d"), None)
    with pytest.raises(Refused):
        ledger.do(_call("d"), 1)
    with pytest.raises(ValueError, match="never gave"):
        ledger.undo(_call("c"), "receipt-0")
    assert sum(ledger.accounts().values()) == 0
