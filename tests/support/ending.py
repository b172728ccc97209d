"""How a run has ended has one form for the fake and for the real server, and is compared with what a case expects."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from dsl.scalars.duration import parse_duration
from interpreter.events import Event
from tests.support.cases import RunCase


@dataclass
class Ending:
    """An `Ending` has everything that a case may expect."""

    status: str
    result: Any = None
    error: dict[str, Any] | None = None
    snapshot: dict[str, Any] = field(default_factory=dict)
    calls: list[str] | None = None
    arguments: list[list[Any]] | None = None
    """The arguments of each call."""
    events: str | None = None
    """The history in letters, or None if there is no server."""
    shared_breakers: dict[str, str] = field(default_factory=dict)
    """The states of the shared circuit breakers of which something is known: those of the others are closed."""
    observed: list[Event] | None = None
    """What those who listen to the run were told, in order, or None if nobody has listened."""
    answers: list[Any] | None = None
    """The answers to the updates and queries of the case, in order."""
    runs: int = 1
    """How many runs there were: one more than the run has continued as new."""
    took: float | None = None
    """How many seconds of virtual time the run took, or None if time is real."""


KNOWN = frozenset(
    [
        "status",
        "result",
        "error",
        "calls",
        "arguments",
        "compensations",
        "steps",
        "answers",
        "attempts",
        "breakers",
        "events",
        "letters",
        "same_arguments",
        "took",
    ]
)
"""The keys of `expect` in a case."""


def check(case: RunCase, ending: Ending) -> None:
    """Compare everything that the case expects."""
    expect = case.expect
    assert not set(expect) - KNOWN, "these keys would not be compared"
    steps = _by_path(ending.snapshot["steps"])
    assert ending.status == expect["status"], ending.error
    if "result" in expect:
        assert ending.result == expect["result"]
    for key, value in expect.get("error", {}).items():
        assert ending.error is not None
        assert ending.error[key] == value, key
    if "calls" in expect and ending.calls is not None:
        assert _in_groups(ending.calls, expect["calls"]) == expect["calls"]
    for name, arguments in expect.get("arguments", {}).items():
        assert ending.calls is not None
        assert ending.arguments is not None
        given = zip(ending.calls, ending.arguments, strict=True)
        found = [each for called, each in given if called == name]
        in_order = ending.took is not None  # on a server, what starts at the same time comes in any order
        assert found == arguments if in_order else _sorted(found) == _sorted(arguments), name
    if "compensations" in expect:
        undone = {entry["step"]: entry["status"] for entry in ending.snapshot["compensations"]}
        assert list(undone.items()) == list(expect["compensations"].items())
    for path, state in expect.get("steps", {}).items():
        assert steps[path]["state"] == state, path
    for path, attempts in expect.get("attempts", {}).items():
        assert steps[path]["attempts"] == attempts, path
    for name, state in expect.get("breakers", {}).items():
        own = ending.snapshot.get("breakers", {}).get(name)
        seen = ending.shared_breakers.get(name, "closed") if own is None else own["state"]
        assert seen == state, name
    if "letters" in expect:
        kept = [{key: letter[key] for key in ("queue", "step")} for letter in ending.snapshot["dead_letters"]]
        assert kept == expect["letters"]
    for name in expect.get("same_arguments", ()):
        assert ending.calls is not None
        assert ending.arguments is not None
        same = [each for called, each in zip(ending.calls, ending.arguments, strict=True) if called == name]
        assert len(same) > 1
        assert all(each == same[0] for each in same)
    if "events" in expect and ending.events is not None and ending.runs == 1:
        assert ending.events == expect["events"]
    if "answers" in expect:
        assert ending.answers == expect["answers"]
    if "took" in expect and ending.took is not None:
        took = parse_duration(expect["took"]).total_seconds()
        assert ending.took == took if ending.runs == 1 else abs(ending.took - took) < 0.01


def _in_groups(calls: list[str], expected: list[str | list[str]]) -> list[str | list[str]]:
    """Sort the calls of each group as the case has them, because the calls of a group come in any order."""
    found: list[str | list[str]] = []
    for want in expected:
        if isinstance(want, str):
            found += calls[:1]
            calls = calls[1:]
        else:
            group, calls = calls[: len(want)], calls[len(want) :]
            found.append(want if sorted(group) == sorted(want) else group)
    return [*found, *calls]


def _sorted(arguments: list[list[Any]]) -> list[str]:
    return sorted(json.dumps(each, sort_keys=True) for each in arguments)


def _by_path(steps: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for step in steps:
        found[step["step"]] = step
        found |= _by_path(step.get("steps", []))
        if "compensation" in step:
            found |= _by_path([step["compensation"]])
    return found
