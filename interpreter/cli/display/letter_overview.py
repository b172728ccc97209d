"""Dead letters are shown as text for people, or as records for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dsl.problems.snippet import make_printable
from dsl.scalars.time import format_time
from interpreter.letters.orders import Outcome, RedriveMode
from interpreter.letters.summary import LetterSummary

if TYPE_CHECKING:
    from interpreter.temporal.client.letters.give import Given
    from interpreter.temporal.client.letters.plan import RedrivePlan
    from interpreter.temporal.client.letters.store import Letter


def format_letter(letter: LetterSummary) -> str:
    """Format the lines of one letter in a list."""
    times = "once" if letter.failures == 1 else f"{letter.failures} times"
    return (
        f"{letter.status.value:<9}  {format_time(letter.last_failed_at)}  {make_printable(letter.id)}\n"
        f"           {letter.definition} {letter.step}, {times}: {_format_error(letter)}"
    )


def format_details(letter: Letter) -> Iterator[str]:
    """Format all of a letter, line by line."""
    summary, record = letter.summary, letter.record
    definition = record["definition"]
    yield make_printable(summary.id)
    yield f"  state         {summary.status.value}"
    yield f"  queue         {summary.queue}"
    yield f"  definition    {definition['name']} {definition['version'] or ''}".rstrip()
    yield f"  step          {make_printable(summary.step)}"
    yield f"  run           {make_printable(summary.workflow_id)} ({summary.run_id})"
    yield f"  key           {make_printable(record['idempotency_key'])}"
    yield f"  error         {_format_error(summary)}"
    yield f"  failed        {_format_times(summary)}"
    yield f"  outcome       {record['outcome']}"
    yield f"  input         {_format_value(record['input'])}"
    if letter.run_end is not None:
        undone = ", ".join(letter.run_end.undone) or "nothing"
        yield f"  its run       has ended {letter.run_end.status}; undone: {make_printable(undone)}"
    if summary.redrive_id is not None:
        yield f"  redriven by   {make_printable(summary.redrive_id)}"
    for outcome in summary.outcomes:
        yield f"  order         {_format_outcome(outcome)}"
    for order in letter.waiting:
        yield f"  order         {order.command.value} by {make_printable(order.by)}: nobody has carried it out yet"


def format_chance(plan: RedrivePlan) -> str:
    """Format what a redrive of one letter would do, and why."""
    what = {None: "refused", RedriveMode.STEP: "the step alone", RedriveMode.RUN: "the whole run"}
    return f"{what[None if plan.start is None else plan.start.mode]}: {make_printable(plan.why)}"


def format_plan(plan: RedrivePlan) -> str:
    """Format what a redrive would do, and why."""
    return f"{name_action(plan):<9}  {make_printable(plan.letter.summary.id)}: {format_reason(plan)}"


def format_reason(plan: RedrivePlan) -> str:
    """Format why a redrive does what it does, and what it changes."""
    return "; ".join(make_printable(text) for text in (plan.why, *plan.changes))


def name_action(plan: RedrivePlan) -> str:
    """Name what a redrive would run: `step`, `run`, or `refused`."""
    return "refused" if plan.start is None else plan.start.mode.value


def format_given(given: Given) -> str:
    """Format what has become of one order."""
    letter = make_printable(given.letter_id)
    if given.problem is not None:
        return f"refused    {letter}: {make_printable(given.problem)}"
    if given.outcome is None:
        return f"waiting    {letter}: nobody has carried out the order yet; it is kept, and a worker will"
    told = f": {make_printable(given.outcome.message)}" if given.outcome.message else ""
    return f"{name_result(given):<9}  {letter}{told}"


def name_result(given: Given) -> str:
    """Name what has become of an order: a `Result`, or `waiting` if no worker has looked at it yet."""
    if given.problem is not None:
        return "refused"
    return "waiting" if given.outcome is None else given.outcome.result.value


def build_letter_record(letter: Letter) -> dict[str, Any]:
    """Build the JSON object of a letter."""
    return {
        **letter.summary.to_json(),
        "record": letter.record,
        "earlier": list(letter.earlier),
        "run_end": None if letter.run_end is None else letter.run_end.to_json(),
        "waiting": [
            {"order": each.id, "command": each.command.value, "by": each.by, "reason": each.reason}
            for each in letter.waiting
        ],
    }


def build_plan_record(plan: RedrivePlan) -> dict[str, Any]:
    """Build the JSON object of a plan."""
    return {
        "id": plan.letter.summary.id,
        "action": name_action(plan),
        "why": plan.why,
        "changes": list(plan.changes),
    }


def build_given_record(given: Given) -> dict[str, Any]:
    """Build the JSON object of what has become of an order."""
    outcome = given.outcome
    return {
        "id": given.letter_id,
        "order": given.order.id,
        "result": name_result(given),
        "message": given.problem or ("" if outcome is None else outcome.message),
    }


def _format_times(letter: LetterSummary) -> str:
    last = format_time(letter.last_failed_at)
    if letter.failures == 1:
        return f"once, at {last}"
    return f"{letter.failures} times, first at {format_time(letter.first_failed_at)}, last at {last}"


def _format_error(letter: LetterSummary) -> str:
    return make_printable(f"{letter.error_type}: {letter.error}")


def _format_value(value: Any) -> str:
    return make_printable(json.dumps(value, ensure_ascii=False))


def _format_outcome(outcome: Outcome) -> str:
    why = f" ({make_printable(outcome.reason)})" if outcome.reason else ""
    changes = "".join(f"; {make_printable(change)}" for change in outcome.changes)
    told = f": {make_printable(outcome.message)}" if outcome.message else ""
    what = f"{outcome.command.value} by {make_printable(outcome.by)}{why}{changes}"
    return f"{format_time(outcome.at)}  {what}: {outcome.result.value}{told}"
