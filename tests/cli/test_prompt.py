"""Whoever is asked can say yes, say no, or leave at once."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from signal import Signals

import pytest

from tests.cli.terminal import run_on_terminal

ASK = """
import sys, click
from interpreter.cli.process.prompt import confirm
try:
    print(confirm("start 2 runs?", nothing="nothing was started"))
except click.Abort:
    sys.exit(7)
"""


def ask(folder: Path, keys: Mapping[str, str | Signals]) -> tuple[int, str]:
    """Run a program that asks, and answer what appears by keys or a signal."""
    return run_on_terminal("-c", ASK, cwd=folder, keys=keys, program=sys.executable)


@pytest.mark.parametrize(("typed", "agreed"), [("y", True), ("YES", True), ("n", False), ("", False)])
def test_an_answer(tmp_path: Path, typed: str, agreed: bool) -> None:
    code, seen = ask(tmp_path, {"runs": f"{typed}\n"})
    assert (code, str(agreed) in seen, "nothing was started" in seen) == (0, True, not agreed)


def test_what_is_no_answer_is_asked_again(tmp_path: Path) -> None:
    code, seen = ask(tmp_path, {"runs": "what?\n", "answer y or n": "y\n"})
    assert (code, "True" in seen, seen.count("start 2 runs? [y/N]")) == (0, True, 2)


@pytest.mark.parametrize("key", ["\x04", "\x03", Signals.SIGTERM, Signals.SIGINT])
def test_who_leaves_has_started_nothing(tmp_path: Path, key: str | Signals) -> None:
    """Also in the moment in which the question appears."""
    for _ in range(3):
        code, seen = ask(tmp_path, {"runs": key})
        assert (code, "nothing was started" in seen) == (7, True)
