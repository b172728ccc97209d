"""The overview of a run has its steps, its end, and what was done about a failure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interpreter.cli.display.progress import ProgressLines
from interpreter.cli.display.run_overview import RunOverview
from interpreter.cli.display.step_views import build_step_views
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.client.ending import Ending
from interpreter.temporal.client.run_handle import PendingActivity
from tests.cli.snapshots import ERROR, make_compensation, make_snapshot, step

NESTED = make_snapshot(
    step("book", "failed", kind="steps", steps=[
        step("car", "completed", took=0.25, attempts=2, compensation=step("car.compensate", "completed", took=3)),
        step("hotel", "running"),
        step("flight", "running"),
        step("seat", "completed", took=1, compensation=step("seat.compensate", "pending")),
        step("taxi", "completed", took=2, compensation=step("taxi.compensate", "running")),
    ]),
    step("rest", "pending"),
    pending=(
        PendingActivity("hotel", "book_hotel", 2, "ValueError: Invalid\x1b[2J"),
        PendingActivity("flight", "book_flight", 1, None),
        PendingActivity("taxi.compensate", "undo", 5, "E: no"),
    ),
)  # fmt: skip


def test_the_steps_are_joined_with_the_pending_activities() -> None:
    lines = [f"{'  ' * view.depth}{view.format_line(6)}" for view in build_step_views(NESTED)]
    assert lines == [
        "book    failed",
        "  car     completed   (attempt 2, 0.2s)",
        "  car     undone      (3.0s)",
        "  hotel   retrying    (attempt 2: ValueError: Invalid\\x1b[2J)",
        "  flight  running     (attempt 1)",
        "  seat    completed   (1.0s)",
        "  taxi    completed   (2.0s)",
        "  taxi    undoing     (attempt 5: E: no)",
        "rest    pending",
    ]


LOOP = make_snapshot(
    step("each", "running", kind="for_each", succeeded=4, failed=1, steps=[
        step("each[5]/ask", "running", kind="wait_for", awaits=["yes", "no"], until="2026-01-03T00:00:00+00:00"),
        step("each[6]/pause", "running", kind="wait", until="2026-01-03T00:00:00+00:00"),
    ]),
    step("other", "completed", kind="for_each", succeeded=2, failed=0, took=1),
    step("stop", "running", kind="wait_for", awaits=["stop"]),
    messages={"waiting": ["a", "b", "a"], "refused": {"c": 1}},
)  # fmt: skip


def test_a_view_says_what_a_step_waits_for_and_how_items_have_ended() -> None:
    assert [view.format_line(0) for view in build_step_views(LOOP)] == [
        "each  running     (4 succeeded, 1 failed)",
        "each[5]/ask  running     (waits for yes, no until 2026-01-03 00:00:00 UTC)",
        "each[6]/pause  running     (waits until 2026-01-03 00:00:00 UTC)",
        "other  completed   (2 succeeded, 1.0s)",
        "stop  running     (waits for stop)",
    ]


def test_a_redrive_says_what_it_redrives() -> None:
    only = {"step": "charge", "workflow_id": "order-7", "run_id": "r"}
    overview = RunOverview(make_snapshot(step("charge", "running"), only=only), None)
    assert "redrives    charge of order-7" in list(overview.format_lines())
    assert overview.build_record()["only"] == only


def test_long_lists_are_cut() -> None:
    letters = [
        {"queue": "q", "step": f"s{number}", "key": "k", "error": f"E: {number}"} for number in range(12)
    ]
    names = [make_compensation(f"s{number}", "completed") for number in range(12)]
    report = {"dead_letters": letters, "compensations": names, "left_out": {"dead_letters": 5}}
    overview = RunOverview(make_snapshot(), Ending("failed", error=ERROR, report=report))
    lines = list(overview.format_summary())
    assert lines[2:4] == [
        "  dead letter: s2 in queue q, key k: E: 2",
        "  dead letter: s3 in queue q, key k: E: 3",
    ]
    assert lines[11:13] == [
        "  dead letter: s11 in queue q, key k: E: 11",
        "  7 earlier dead letters are not listed",
    ]
    assert lines[13] == "  undone: s0, s1, s2, s3, s4, s5, s6, s7, s8, s9 and 2 more"


def test_messages_that_no_step_has_taken() -> None:
    running = list(RunOverview(LOOP, None).format_lines())
    assert "not taken   a (2 times), b: kept until a step takes it" in running
    ended = list(RunOverview(replace(LOOP, status="completed"), None).format_lines())
    assert "not taken   a (2 times), b: no step has taken it" in ended
    assert "refused     c: not declared, or the payload does not fit the schema" in running
    assert RunOverview(LOOP, None).build_record()["messages"] == {
        "waiting": ["a", "b", "a"],
        "refused": {"c": 1},
    }
    assert not any(
        "refused" in line or "not taken" in line for line in RunOverview(NESTED, None).format_lines()
    )


def test_changes_are_written_once_in_the_order_of_time(capsys: pytest.CaptureFixture[str]) -> None:
    lines = ProgressLines()
    lines.show(build_step_views(make_snapshot(step("a", "running"), step("b", "pending"))), [])
    late, early = step("a", "completed", took=2), step("b", "completed", took=1)
    lines.show(build_step_views(make_snapshot(late, early)), [])
    lines.show(build_step_views(make_snapshot(late, early)), [])
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.splitlines() == ["a  running", "b  completed   (1.0s)", "a  completed   (2.0s)"]


ENDS: dict[str, tuple[RunOverview, list[str], ExitCode]] = {
    "completed": (
        RunOverview(make_snapshot(), Ending("completed", 7)),
        ["trip-1 completed after 2.5s"],
        ExitCode.SUCCESS,
    ),
    "failed, with everything that an overview can have": (
        RunOverview(
            make_snapshot(step("charge", "failed", activity="charge_card")),
            Ending(
                "failed",
                error={**ERROR, "line": 31},
                report={
                    "compensations": [
                        make_compensation("car", "completed"),
                        make_compensation("seat", "completed"),
                        make_compensation(
                            "hotel", "failed", {"type": "E", "message": "closed", "step": "hotel.compensate"}
                        ),
                        make_compensation("taxi", "skipped"),
                    ],
                    "pivot": "seat",
                    "dead_letters": [{"queue": "orders", "step": "charge", "key": "trip-1/charge"}],
                    "further_errors": [{"type": "Late", "message": "too late", "step": "finally[0]"}],
                },
            ),
            "orders.yaml",
        ),
        [
            "trip-1 failed after 2.5s",
            "  steps.charge (activity charge_card): CardDeclined after 3 attempts: no\\nmoney",
            "  orders.yaml:31",
            "  dead letter: charge in queue orders, key trip-1/charge",
            "  undone: car, seat",
            "  NOT undone: hotel: steps.hotel.compensate: E: closed",
            "  NOT undone: taxi: not tried, because a compensation before it failed",
            "  not undone: what was done before the pivot, seat, completed",
            "  further error: finally[0]: Late: too late",
        ],
        ExitCode.FAILED,
    ),
    "failed before any step, by no step, and of an unknown file": (
        RunOverview(
            make_snapshot(),
            Ending("failed", error={"type": "InvalidInput", "message": "input.n: 5 is no text"}),
        ),
        ["trip-1 failed after 2.5s", "  InvalidInput: input.n: 5 is no text"],
        ExitCode.FAILED,
    ),
    "failed in a step without id": (
        RunOverview(
            make_snapshot(),
            Ending("failed", error={"type": "E", "message": "m", "step": "steps[2]", "line": 9}),
        ),
        ["trip-1 failed after 2.5s", "  steps[2]: E: m", "  line 9 of the definition"],
        ExitCode.FAILED,
    ),
    "on_failure gave the result": (
        RunOverview(
            make_snapshot(error=ERROR, compensations=[make_compensation("car", "completed")]),
            Ending("completed", {}),
        ),
        [
            "trip-1 completed after 2.5s",
            "  on_failure turned this into the result:",
            "  steps.charge: CardDeclined after 3 attempts: no\\nmoney",
            "  undone: car",
        ],
        ExitCode.SUCCESS,
    ),
    "cancelled": (
        RunOverview(
            make_snapshot(compensations=[make_compensation("car", "completed")]), Ending("cancelled")
        ),
        ["trip-1 cancelled after 2.5s", "  undone: car"],
        ExitCode.FAILED,
    ),
    "timed out": (
        RunOverview(
            make_snapshot(),
            Ending("timed_out", error={"type": "Timeout.Run", "message": "the run timed out"}),
        ),
        ["trip-1 timed out after 2.5s", "  Timeout.Run: the run timed out"],
        ExitCode.FAILED,
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_how_a_run_has_ended(name: str) -> None:
    overview, lines, code = ENDS[name]
    assert list(overview.format_summary()) == lines
    assert overview.exit_code == code


def test_the_record_of_a_run_that_is_running() -> None:
    record = RunOverview(NESTED, None).build_record()
    assert record["status"] == "running"
    assert not {"result", "error"} & set(record)
    assert record["pending"][1] == {
        "step": "flight", "activity": "book_flight", "attempt": 1, "error": None, "task_queue": "", "due_at": None,
        "paused": False,
    }  # fmt: skip
    assert record["started_at"] == "2026-01-02T03:04:05.000Z"


def test_what_is_not_undone_makes_the_command_fail() -> None:
    """However the run has ended, and also if only its memo tells."""
    ended = replace(make_snapshot(), status="cancelled")
    undone = RunOverview(replace(ended, undone={"car": "undone"}), Ending("cancelled"))
    assert undone.exit_code_for("cancelled") is ExitCode.SUCCESS
    stuck = RunOverview(replace(ended, undone={"car": "not_undone"}), Ending("cancelled"))
    assert stuck.exit_code_for("cancelled") is ExitCode.FAILED
    assert "  NOT undone: car: its compensation failed, or was not tried" in list(stuck.format_summary())
    begun = RunOverview(
        replace(ended, status="terminated", undone={"all[x]/car": "undoing"}), Ending("terminated")
    )
    assert "  NOT undone: all[x]/car: its compensation had begun when the run was ended" in list(
        begun.format_summary()
    )
    report = {"compensations": [{"step": "car", "status": "failed", "error": ERROR}]}
    completed = RunOverview(replace(ended, status="completed"), Ending("completed", report=report))
    assert completed.exit_code is ExitCode.FAILED
