"""What is shown of a run that goes on: why its steps wait, and what is left to undo when the command ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from interpreter.cli.display.abandoned_run import describe_abandoned_run
from interpreter.cli.display.notes import build_notes
from interpreter.cli.display.progress import ProgressLines
from interpreter.cli.display.run_overview import RunOverview
from interpreter.cli.display.step_views import build_step_views
from interpreter.temporal.client.run_handle import PendingActivity, RunSnapshot
from tests.cli.snapshots import ERROR, START, make_compensation, make_snapshot, step


def _in(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


WAITS = replace(
    make_snapshot(
        step("all", "running", kind="for_each", succeeded=126, failed=4, total=200, steps=[
            step("all[130]/pay", "running", key_path="all[o7]/pay"),
            step("all[131]/pay", "running", key_path="all[o8]/pay"),
            step("all[132]/pay", "running", key_path="all[o9]/pay"),
        ], failed_items=[{"step": "all[3]", "key_path": "all[o3]", "error": ERROR}]),
        step("block", "running", kind="steps", attempts=2, last_error=ERROR, next_attempt_at=_in(72).isoformat()),
        step("bank", "running", attempts=3, last_error=ERROR, breaker="b", next_attempt_at=_in(72).isoformat()),
        step("hotel", "completed", took=1, compensation=step("hotel.compensate", "running", kind="steps", steps=[
            step("call", "running"),
        ])),
        undoing=[step("all[1]/pay.compensate", "running", key_path="all[o1]/pay.compensate")],
        breakers={
            "b": {"state": "open", "open_until": _in(72).isoformat()},
            "c": {"state": "closed", "open_until": None},
        },
    ),
    taken_at=_in(12),
    pending=(
        PendingActivity("all[130]/pay", "pay", 2, "E: no", "stepfile", _in(24)),
        PendingActivity("all[131]/pay", "pay", 1, None, "payments", _in(10)),
        PendingActivity("all[132]/pay", "pay", 1, None, "payments", _in(11.5)),
        PendingActivity("call", "call", 4, "E: busy", "stepfile", None, paused=True),
        PendingActivity("all[1]/pay.compensate", "refund", 7, "E: no", "bank", _in(5)),
        PendingActivity("all.pages[2]", "read", 1, None),
    ),
)  # fmt: skip


def test_why_a_step_waits_and_for_how_long() -> None:
    lines = [f"{'  ' * view.depth}{view.format_line(0)}" for view in build_step_views(WAITS)]
    assert lines == [
        "all  running     (130 of 200, 4 failed, for 12 s)",
        "  all[o3]  failed      (CardDeclined: no\\nmoney)",
        "  all[o7]/pay  retrying    (attempt 2, next attempt in 12 s: E: no)",
        '  all[o8]/pay  waiting     (attempt 1, waits for a worker on "payments", for 12 s)',
        "  all[o9]/pay  running     (attempt 1, for 12 s)",
        "block  retrying    (attempt 2, next attempt in 1 min: CardDeclined: no\\nmoney)",
        'bank  retrying    (attempt 3, waits for circuit breaker "b", next attempt in 1 min: '
        "CardDeclined: no\\nmoney)",
        "hotel  completed   (1.0s)",
        "hotel  undoing     (for 12 s)",
        "  call  paused      (attempt 4, somebody has paused the activity, for 12 s: E: busy)",
        'all[o1]/pay  undoing     (attempt 7, waits for a worker on "bank", for 12 s: E: no)',
        "all.pages[2]  running     (attempt 1)",
    ]


def test_without_a_worker_only_activities_are_shown() -> None:
    lines = [view.format_line(0) for view in build_step_views(replace(WAITS, progress=None))]
    assert lines[0] == "all[130]/pay  retrying    (attempt 2, next attempt in 12 s: E: no)"
    assert lines[4] == 'all[1]/pay  undoing     (attempt 7, waits for a worker on "bank": E: no)'


def test_circuit_breakers_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    overview = list(RunOverview(WAITS, None).format_lines())
    assert "breaker     b: open, lets no call through for 1 min" in overview
    assert "breaker     c: closed" in overview
    lines, nothing = ProgressLines(), timedelta()
    for _ in range(2):
        lines.show([], build_notes(WAITS, nothing))
    assert capsys.readouterr().err == "circuit breaker b: open, lets no call through for 1 min\n"


def test_silence_is_told_once_for_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    lines, silent = ProgressLines(), replace(WAITS, progress=None, silence="nobody is there")
    for seconds in (1, 3, 4):
        lines.show([], build_notes(silent, timedelta(seconds=seconds)))
    assert capsys.readouterr().err == "nobody is there (no answer for 3 s)\n"
    lines.show([], [])
    lines.show([], build_notes(silent, timedelta(seconds=5)))
    assert capsys.readouterr().err == "nobody is there (no answer for 5 s)\n"


NOT_UNDONE = make_snapshot(
    to_undo={"count": 14, "steps": [f"s{number}" for number in range(10)]},
    compensations=[make_compensation("car", "failed", ERROR), make_compensation("taxi", "completed")],
)


@pytest.mark.parametrize(
    ("snapshot", "lines"),
    [
        (
            NOT_UNDONE,
            ["the command ends at once; NOT undone: s0, s1, s2, s3, s4, s5, s6, s7, s8, s9 and 5 more"],
        ),
        (
            make_snapshot(to_undo={"count": 0, "steps": []}),
            ["the command ends at once; nothing was left to be undone"],
        ),
        (
            replace(NOT_UNDONE, progress=None),
            ["the command ends at once; what the run has done, and what of it is undone, is not known"],
        ),
        (
            None,
            ["the command ends at once; what the run has done, and what of it is undone, is not known"],
        ),
        (replace(NOT_UNDONE, status="cancelled"), []),
    ],
)
def test_what_is_not_undone_when_the_command_ends_at_once(
    snapshot: RunSnapshot | None, lines: list[str]
) -> None:
    more = ["the run goes on as soon as a worker is there: stepfile worker --task-queue q"] if lines else []
    assert list(describe_abandoned_run(snapshot, "q")) == lines + more
