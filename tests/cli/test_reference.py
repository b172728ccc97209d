"""The reference of the command line has the help texts of the commands."""

from __future__ import annotations

from interpreter.cli.process.exit import ExitCode
from tests.cli.reference import PAGE, list_commands, list_shown_commands, update_page


def test_the_help_texts_are_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert update_page(page) == page, "python -m tests.cli.reference updates the page"
    assert list_shown_commands(page) == ["", *list_commands()]


def test_every_exit_code_is_explained() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"| {code.value} |" in page for code in ExitCode)
