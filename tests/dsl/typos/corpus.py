"""The definitions in which typos are made."""

from __future__ import annotations

from pathlib import Path

from interpreter.temporal.worker.activities import build_catalogue, load_activities
from tests.dsl.typos.measure import Page

ROOT = Path(__file__).parents[3]


def list_pages() -> list[Page]:
    """List the shipped definitions."""
    catalogue = build_catalogue(load_activities(["definitions.activities"]))
    files = sorted(file for file in (ROOT / "definitions").glob("*.yaml") if "rehearsal" not in file.name)
    return [Page(file, catalogue) for file in files]
