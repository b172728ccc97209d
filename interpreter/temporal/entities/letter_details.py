"""Tell people in Temporal's UI how a letter stands."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.scalars.time import format_time
from interpreter.letters.orders import Outcome
from interpreter.letters.summary import LetterSummary
from interpreter.temporal.wire.user_metadata import cut_details


def describe_letter(letter: LetterSummary) -> str:
    """Tell it as Markdown, shortened."""
    return cut_details("\n".join(_describe(letter)))


def _describe(letter: LetterSummary) -> Iterator[str]:
    yield f"### Dead letter: {letter.status.value}"
    yield f"- queue {letter.queue}, step {letter.step} of {letter.definition}"
    yield f"- **{letter.error_type}**: {letter.error}"
    yield f"- failed {letter.failures} times, last at {format_time(letter.last_failed_at)}"
    yield f"- written by the run {letter.workflow_id} ({letter.run_id})"
    if letter.undone:
        yield "- that run has undone what it had done before, so only the whole run can be redriven"
    if letter.redrive_id is not None:
        yield f"- redriven by {letter.redrive_id}"
    if letter.moved_to is not None:
        yield f"- kept as {letter.moved_to} from now on"
    yield from (_describe_outcome(each) for each in letter.outcomes)


def _describe_outcome(outcome: Outcome) -> str:
    why = f" ({outcome.reason})" if outcome.reason else ""
    told = f": {outcome.message}" if outcome.message else ""
    return f"- {format_time(outcome.at)}: {outcome.command.value} by {outcome.by}{why}: {outcome.result.value}{told}"
