"""Measure what grows, and write docs/explanation/growth.md; this is a part of `make bench`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from benchmarks.growth.measure import FULL, measure
from benchmarks.growth.report import format_page
from interpreter.cli.process.exit import exit_process

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "growth.md"


def main() -> None:
    """Measure, and write the page."""
    text = format_page(asyncio.run(measure(FULL)))
    PAGE.write_text(text, encoding="utf-8")
    print(f"{text}\nwritten: {PAGE.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
    exit_process(0)
