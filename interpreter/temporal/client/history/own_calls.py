"""Activities in a history that no step calls, but the run itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from temporalio.api.common.v1 import Payload

from dsl.model.dead_letters import DATABASE_TELL_ACTIVITY
from interpreter.failure.failure import Failure
from interpreter.temporal.client.history.reading import Reading
from interpreter.temporal.wire.undone_sums import FIND_UNDONE, UndoneSums
from interpreter.wording import Line, describe_failure

OWN_CALLS: Mapping[str, Sequence[Line]] = {
    FIND_UNDONE: [
        Line(
            "undone_asked",
            "run asks what other runs of its id have undone, and begins nothing before it knows",
        )
    ],
    DATABASE_TELL_ACTIVITY: [],
}
"""Name of the activity → what is said when it begins."""


async def describe_own_call(
    reading: Reading, activity: str, sent: Sequence[Payload], result: Sequence[Payload], lost: Failure | None
) -> Line:
    """Tell how such a call has ended.

    Args:
        reading: Decodes payloads.
        activity: Its name.
        sent: Its arguments.
        result: What it has returned; nothing if it has failed.
        lost: Why it has failed.
    """
    if activity == FIND_UNDONE:
        line = _describe_answer(reading, await reading.decode(result))
    else:
        line = _describe_told_letters(reading, await reading.decode(sent))
    if lost is None:
        return line
    why = describe_failure(lost.type, lost.message)
    return Line(line.name, f"{line.text}: this has failed: {why}", {**line.fields, "error_type": lost.type})


def _describe_answer(reading: Reading, answer: list[Any] | None) -> Line:
    match answer:
        case [{"steps": _, "runs": _} as told]:
            sums = UndoneSums.of(told)
        case _:
            return Line("undone_answered", "what other runs of this id have undone")
    steps = [reading.redact_name(path) for path in sums.steps]
    fields = {"steps": steps, "runs": list(sums.runs)}
    if sums.unknown is not None:
        text = f"what other runs of this id have undone can't be known: {sums.unknown}"
    elif steps:
        text = f"other runs of this id have undone {', '.join(steps)}"
    else:
        text = "no other run of this id has undone anything"
    return Line("undone_answered", text, fields)


_NEWS = {"run_end": "what the run has undone", "order": "that what had failed is done"}


def _describe_told_letters(reading: Reading, message: list[Any] | None) -> Line:
    match message:
        case [{"queue": str() as queue, "keys": [*keys]} as told]:
            news = next((words for name, words in _NEWS.items() if name in told), "(not known here)")
            letters = [reading.redact_name(str(key)) for key in keys]
            text = f'the dead letters {", ".join(letters)} in "{queue}" are told {news}'
            return Line("letters_told", text, {"queue": queue, "letters": letters})
        case _:
            return Line("letters_told", "dead letters are told something that can't be read here")
