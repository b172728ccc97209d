"""The tutorial, done by the letter: its files are written, its commands typed, and its outputs compared.

Only what differs from run to run may differ: ids, times, and lines that show a passing state (`running`,
`retrying`, no worker yet), which a busy machine may miss or see.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, Block, blocks

TUTORIAL = DOCS / "tutorial" / "first-workflow.md"

_PASSING = re.compile(r"^(?:[\w.]+ +(?:running|retrying|undoing)\b).*\n", re.M)
_TIME = re.compile(r"\d+\.\ds\b")
_ID = re.compile(r"\border-[0-9a-f]{12}\b")


@dataclass(frozen=True, slots=True)
class Typed:
    """A command of the tutorial, and what it says then."""

    command: Block
    expected: Block


@pytest.mark.slow
@pytest.mark.server
def test_the_tutorial_goes_as_it_says(tmp_path: Path) -> None:
    for do in things_to_do(blocks(TUTORIAL)):
        if isinstance(do, Typed):
            said = _typed(do.command.text, tmp_path)
            assert _lasting(said) == _lasting(do.expected.text), do.command.place
        else:
            write(do, tmp_path)


def things_to_do(page: list[Block]) -> list[Block | Typed]:
    done: list[Block | Typed] = []
    for block, following in zip(page, [*page[1:], None], strict=True):
        if block.file is not None:
            done.append(block)
        elif block.language == "sh" and "\nstepfile " in f"\n{block.text}":
            assert following is not None
            assert following.language == "text"
            done.append(Typed(block, following))
    return done


def write(block: Block, folder: Path) -> None:
    """Write a file. A part of a definition takes the place of its end, from the part's first line on."""
    assert block.file is not None
    file = folder / block.file
    text = block.text
    if block.language == "yaml" and not text.startswith("dsl:"):
        before, first, _ = file.read_text(encoding="utf-8").partition(text.splitlines()[0])
        assert first, block.place
        text = before + text
    file.write_text(text, encoding="utf-8")


def _typed(text: str, folder: Path) -> str:
    """What the `stepfile` commands write, to standard output and standard error."""
    stepfile = Path(sys.executable).with_name("stepfile")
    said = ""
    for line in text.splitlines():
        if line.startswith("stepfile "):
            done = subprocess.run(
                line.replace("stepfile", str(stepfile), 1),
                shell=True,
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=120,
            )
            said += done.stdout
    return said


def _lasting(text: str) -> str:
    return _ID.sub("order-ID", _TIME.sub("TIME", _PASSING.sub("", text)))
