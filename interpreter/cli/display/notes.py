"""What is to be said of a run beside its steps: breakers that are not closed, and what can't be known or shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from interpreter.cli.display.wording import format_span

if TYPE_CHECKING:
    from interpreter.temporal.client.run_handle import RunSnapshot

TOLERATED_SILENCE = timedelta(seconds=2)
"""How long a worker may be silent before the user is told: a new worker needs a moment."""


@dataclass(frozen=True, slots=True)
class Note:
    """A `Note` is one line about a run."""

    subject: str
    """What it is about, and in which state that is: a note with the same subject is no news."""
    text: str


def describe_unobserved(snapshot: RunSnapshot) -> Iterator[tuple[str, str]]:
    """Describe the shared breakers that a worker of the run has not asked: name, and the same in words."""
    for name in (snapshot.progress or {}).get("unobserved_breakers") or ():
        yield name, "breaker not observed: a worker of this run is no Stepfile worker, and asks no breaker"


def build_notes(snapshot: RunSnapshot, silent_for: timedelta) -> list[Note]:
    """Build the notes about a run that is being followed.

    Args:
        snapshot: What is known of the run.
        silent_for: How long the worker has not answered.
    """
    notes = [
        Note(f"breaker {name} {breaker['state']} {breaker['open_until']}", f"circuit breaker {name}: {said}")
        for name, breaker, said in describe_breakers(snapshot)
        if breaker["state"] != "closed"
    ]
    notes += [
        Note(f"unobserved breaker {name}", f"circuit breaker {name}: {said}")
        for name, said in describe_unobserved(snapshot)
    ]
    if snapshot.undecodable:
        notes.append(Note("undecodable", explain_undecodable(snapshot.undecodable)))
    if snapshot.silence and silent_for >= TOLERATED_SILENCE:
        notes.append(Note("silence", f"{snapshot.silence} (no answer for {format_span(silent_for)})"))
    return notes


def describe_breakers(snapshot: RunSnapshot) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Describe the circuit breakers of a run: name, what the worker says of each, and the same in words."""
    breakers: Mapping[str, Any] = (snapshot.progress or {}).get("breakers") or {}
    for name, breaker in breakers.items():
        yield name, breaker, _describe_breaker(breaker, snapshot.taken_at)


def explain_undecodable(why: str) -> str:
    """Say what is missing of a run whose data can't be decoded here.

    Args:
        why: Why they can't.
    """
    return (
        "not shown   steps, messages of errors, result, and what was undone: the data of this run can't be decoded "
        f"here ({why}). Its workers have a data converter, or keys, that this command does not have: run it in the "
        "project whose pyproject.toml names them."
    )


def _describe_breaker(breaker: Mapping[str, Any], now: datetime) -> str:
    state = breaker["state"].replace("_", " ")
    if breaker["open_until"] is None:
        return str(state)
    until = datetime.fromisoformat(breaker["open_until"])
    if until <= now:
        return f"{state}, the next call may try"
    return f"{state}, lets no call through for {format_span(until - now)}"
