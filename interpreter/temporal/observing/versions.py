"""Which version of its definition a run has, for lines about its activities: a call of an activity does not tell.

A worker knows it of the runs that it has carried on itself, and that is where most of its activities come from.
"""

from __future__ import annotations

from interpreter.events import Event
from interpreter.temporal.wire.listening import ObservedRun

MOST_RUNS = 10_000
"""So many runs are remembered; then the one that was heard of first is forgotten."""

_versions: dict[str, str] = {}
"""Run id → version."""


def note_version(run: ObservedRun, event: Event) -> None:
    """Remember the version of a run that something has happened in."""
    if run.version is not None and run.run_id not in _versions:
        _versions[run.run_id] = run.version
        while len(_versions) > MOST_RUNS:
            _versions.pop(next(iter(_versions)), None)


def find_version(run_id: str) -> str | None:
    """The version of the definition of a run; None if this worker does not know."""
    return _versions.get(run_id)
