"""A short soak of letters finds nothing wrong, and its checks find what is made wrong on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from interpreter.letters.status import LetterStatus
from interpreter.letters.summary import LetterSummary
from interpreter.letters.transitions import open_letter
from tests.interpreter.letters.records import build_record
from tests.soak.letters.sinks import IN_TEMPORAL, Sink, make_database_sink
from tests.soak.letters.soak import RUN, check_redriven, check_written, run_letter_soak
from tests.support.postgresql import run_postgresql

ITEMS = 120


@pytest.fixture(params=["temporal", "postgresql"])
def sink(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sink]:
    """Where the letters are kept."""
    if request.param == "temporal":
        yield IN_TEMPORAL
        return
    with run_postgresql() as server:
        made = make_database_sink(tmp_path / "project", server)
        yield made
        assert made.database is not None
        made.database.close()


@pytest.mark.drill
@pytest.mark.server
async def test_each_failure_is_kept_once_and_each_effect_done_once(tmp_path: Path, sink: Sink) -> None:
    report = await run_letter_soak(tmp_path, ITEMS, 10, seed=5, rate=50, sink=sink)
    assert report.wrong == [], str(report)
    assert report.failing == 12
    assert report.done["worker killed"] == 3


def test_a_letter_that_is_missing_or_too_much_is_found() -> None:
    letters = [_build_letter(item) for item in (1, 2)]
    assert check_written(letters, [1, 2]) == []
    assert check_written(letters, [1, 2, 3]) == [
        "letters after the run: letters/charge_all[3]/charge is missing"
    ]
    assert check_written([*letters, letters[0]], [1, 2]) == [
        "letters after the run: letters/charge_all[1]/charge is too much"
    ]
    twice = replace(letters[0], failures=2)
    assert check_written([twice, letters[1]], [1, 2]) == ["letter 1 counts 2 failures"]


def test_a_letter_that_is_not_resolved_is_found() -> None:
    letter = _build_letter(1)
    resolved = replace(letter, status=LetterStatus.RESOLVED)
    assert check_redriven([], [resolved], [1]) == []
    assert check_redriven([letter], [], [1]) == [
        "letter 1 is still open",
        "resolved letters: letters/charge_all[1]/charge is missing",
    ]


def _build_letter(item: int) -> LetterSummary:
    record = build_record(key=f"{RUN}/charge_all[{item}]/charge")
    return open_letter(f"letter {item}", record).summarize()
