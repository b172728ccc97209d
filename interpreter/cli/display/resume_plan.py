"""The plan of a resumed run is shown as text."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.problems.snippet import make_printable
from interpreter.resume.plan import Plan, PlannedStep

_WORDS = {
    "keep": "is kept",
    "go_on": "goes on with what is inside it",
    "run_again": "runs again",
    "run_anew": "runs again",
    "not_reached": "runs for the first time",
}


def format_plan(plan: Plan) -> Iterator[str]:
    """Format a plan, line by line: each step, then what should be known, then why it is refused if it is."""
    width = max((len(step.step) for step in plan.steps), default=0)
    for step in plan.steps:
        yield make_printable(f"  {step.step:<{width}}  {step.was:<13}  {_say(step)}")
    for note in plan.notes:
        yield make_printable(f"  note: {note}")
    for refusal in plan.refused:
        yield make_printable(f"  refused: {refusal}")


def _say(step: PlannedStep) -> str:
    key = ""
    if step.key is not None and step.action in ("run_again", "run_anew"):
        key = f" with the {'new ' if step.action == 'run_anew' else ''}key {step.key}"
    why = f": {step.why}" if step.why else ""
    return f"{_WORDS[step.action]}{key}{why}"
