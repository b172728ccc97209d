"""The reference of the command line says what the commands say."""

from __future__ import annotations

from interpreter.cli.process.exit import Exit
from tests.cli.reference import PAGE, commands, renewed, shown


def test_no_drift() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert renewed(page) == page, "python -m tests.cli.reference writes it anew"
    assert shown(page) == ["", *commands()]


def test_every_exit_code_is_explained() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"| {code.value} |" in page for code in Exit)
