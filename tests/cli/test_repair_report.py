"""What became of many runs is counted, also where nobody knows."""

from __future__ import annotations

import json

import pytest

from interpreter.cli.display.repair_report import RepairReport


def test_a_start_whose_answer_is_lost_is_not_refused(capsys: pytest.CaptureFixture[str]) -> None:
    report = RepairReport(3, starts=True, json=False)
    report.starting = "order-1"
    report.lose("order-1", "Temporal has not answered: it is down (UNAVAILABLE)")
    report.refuse("order-2", "it has completed")
    report.end()
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == (
        "order-1  it is not known whether it was started: Temporal has not answered: it is down (UNAVAILABLE)"
    )
    assert said.err == "of 3 runs 0 were started again, 1 was refused; of 1 it is not known\n"


def test_it_is_not_known_when_the_command_is_interrupted_later(capsys: pytest.CaptureFixture[str]) -> None:
    report = RepairReport(3, starts=True, json=True)
    report.starting = "order-1"
    report.lose("order-1", "Temporal has not answered")
    report.interrupt()
    said = capsys.readouterr()
    [record] = json.loads(said.out)
    assert record["unknown"] == "it is not known whether it was started: Temporal has not answered"
    assert said.err == (
        "interrupted: of 3 runs 0 were started again, 0 were refused, 2 were not started; of 1 it is not known\n"
    )
