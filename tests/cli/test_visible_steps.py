"""When there are more steps than lines, the view follows what goes on."""

from __future__ import annotations

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from interpreter.cli.display.notes import Note
from interpreter.cli.display.progress_table import ProgressTable
from interpreter.cli.display.step_views import StepView
from interpreter.cli.display.visible_steps import HiddenSteps, choose_visible

STATES = (
    "pending",
    "completed",
    "skipped",
    "failed",
    "running",
    "retrying",
    "waiting",
    "undoing",
    "not undone",
)


def make_run(*states: str) -> list[StepView]:
    return [StepView(f"s{number}", 0, state) for number, state in enumerate(states)]


def show(steps: list[StepView], height: int) -> list[str]:
    return [
        f"({row.title}: {row.detail})" if isinstance(row, HiddenSteps) else f"{row.step} {row.state}"
        for row in choose_visible(steps, height)
    ]


def test_what_fits_is_shown_as_it_is() -> None:
    assert show(make_run("completed", "running"), 2) == ["s0 completed", "s1 running"]


@pytest.mark.parametrize(
    ("done", "lines"),
    [
        (0, ["s0 running", "s1 pending", "s2 pending", "s3 pending", "(26 more: 26 pending)"]),
        (
            22,
            ["(21 more: 21 completed)", "s21 completed", "s22 running", "s23 pending", "(6 more: 6 pending)"],
        ),
        (29, ["(26 more: 26 completed)", "s26 completed", "s27 completed", "s28 completed", "s29 running"]),
    ],
)
def test_the_view_follows_what_runs(done: int, lines: list[str]) -> None:
    steps = make_run(*["completed"] * done, "running", *["pending"] * (29 - done))
    assert show(steps, 5) == lines


def test_the_view_follows_what_is_undone() -> None:
    steps = make_run(*["completed"] * 30)
    steps.insert(12, StepView("s11", 0, "undoing"))
    assert show(steps, 4) == [
        "(11 more: 11 completed)",
        "s11 completed",
        "s11 undoing",
        "(18 more: 18 completed)",
    ]


def test_blocks_around_and_what_has_failed_come_before_the_rest() -> None:
    steps = [
        StepView("book", 0, "completed"),
        StepView("car", 1, "completed"),
        StepView("all", 0, "running"),
        *(StepView(f"all[{number}]", 1, "failed") for number in range(2)),
        *(StepView(f"all[{number}]", 1, "completed") for number in range(2, 20)),
        StepView("all[20]", 1, "running"),
        StepView("last", 0, "pending"),
    ]
    assert show(steps, 7) == [
        "(2 more: 2 completed)",
        "all running",
        "all[0] failed",
        "all[1] failed",
        "(18 more: 18 completed)",
        "all[20] running",
        "last pending",
    ]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(STATES)), min_size=1, max_size=60),
    st.integers(3, 30),
)
def test_it_is_never_higher_than_the_terminal_and_hides_nothing_active_without_need(
    drawn: list[tuple[int, str]], height: int
) -> None:
    steps = [StepView(f"s{number}", depth, state) for number, (depth, state) in enumerate(drawn)]
    rows = choose_visible(steps, height)
    assert len(rows) <= height
    hidden = [row for row in rows if isinstance(row, HiddenSteps)]
    shown = [row for row in rows if isinstance(row, StepView)]
    told = [step for row in rows for step in (row.steps if isinstance(row, HiddenSteps) else [row])]
    assert told == steps, "every step is shown or counted, in its order"
    if 2 * sum(step.is_active for step in steps) < height:
        assert not any(step.is_active for row in hidden for step in row.steps)
    assert shown or len(steps) > height


def draw(steps: list[StepView], notes: list[Note], width: int, height: int) -> list[str]:
    console = Console(file=StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(ProgressTable(console).build(steps, notes))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_the_table_fits_the_terminal() -> None:
    steps = [*make_run(*["completed"] * 30), StepView("pay", 0, "retrying", 2, "E: " + "no " * 100)]
    notes = [Note("breaker", "circuit breaker bank: open, " + "lets no call through " * 5)]
    lines = draw(steps, notes, width=60, height=12)
    assert len(lines) <= 11
    assert max(map(len, lines)) <= 60
    assert any("pay" in line and "retrying" in line and line.endswith("…") for line in lines)
    assert any(line.startswith("  24 more ") and line.endswith("24 completed") for line in lines)
    assert any(line.startswith("circuit breaker bank: open") for line in lines)


def test_a_low_terminal_shows_what_goes_on() -> None:
    lines = draw(make_run(*["completed"] * 30, "running"), [], width=40, height=2)
    assert any("s30" in line for line in lines)
