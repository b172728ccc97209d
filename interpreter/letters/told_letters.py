"""A run that has undone something tells that to the letters that it has written: to those that Stepfile redrives.

These are the letters of the built-in queue, and those of the letters database, whose activity is called for it.
From then on what has failed must not be run alone: what it relies on is no more. That concerns the letters of what
was undone: of the whole run, or of a block that was tried again, whose error was handled, or that has lost a race. A
run that has undone nothing, or has written no letters, tells nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from dsl.json_schema.write_only import find_write_only, name_place
from dsl.model.dead_letters import DATABASE_RUN_END_ACTIVITY
from interpreter.effects import LetterAddress
from interpreter.failure.failure import StepFailed
from interpreter.letters.queue_calls import build_queue_call
from interpreter.letters.record import FailedEffect
from interpreter.letters.run_end import RunEnd
from interpreter.program.model import DeadLetterSink, Program
from interpreter.state.keys import list_undone
from interpreter.state.report import MAXIMUM_ENTRIES
from interpreter.state.run import Run, WrittenLetter

MOST_TOLD = 1_000_000
"""Letters of JSON of all messages together. The history of the run holds them. Part of replay: never change it."""


def note_letter(run: Run, failed: FailedEffect, letter: LetterAddress) -> None:
    """Note a letter that is told of what is undone later. What undoes something can be run alone in any case.

    Of very many letters the last ones are noted.
    """
    if failed.node.undoes or not any(each.compensation for each in run.program.nodes.values()):
        return
    run.letters.pop(letter, None)
    run.letters[letter] = WrittenLetter((failed.node.path, *failed.inside))
    if len(run.letters) > MAXIMUM_ENTRIES:
        del run.letters[next(iter(run.letters))]


def outdate_letters(run: Run, within: Collection[str] | None) -> None:
    """Note that something was undone, of the whole run or inside of some blocks."""
    for letter, each in run.letters.items():
        if within is None or any(path in within for path in each.inside):
            run.letters[letter] = each._replace(is_outdated=True)


async def tell_letters(run: Run) -> None:
    """Tell those letters since which something was undone how the run has ended, and what was undone."""
    told = [letter for letter, each in run.letters.items() if each.is_outdated]
    if not told:
        return
    end = _describe_end(run, len(told)).to_json()
    sinks = _find_sinks(run.program)
    built_in = [letter for letter in told if sinks[letter.queue].activity is None]
    if built_in:
        await run.effects.tell_letters(built_in, end)
    for name in sorted({letter.queue for letter in told} - {letter.queue for letter in built_in}):
        await _tell_database(run, sinks[name], [letter.key for letter in told if letter.queue == name], end)


async def _tell_database(run: Run, queue: DeadLetterSink, keys: list[str], end: Mapping[str, Any]) -> None:
    """Tell letters in the letters database; the run does not end before that is kept."""
    place = f"{queue.name}.run_end"
    argument = {"queue": queue.name, "keys": keys, "run_end": end}
    summary = f"{queue.name}: what was undone"
    call = build_queue_call(run, queue, place, argument, key=f"{run.identity}/{place}", summary=summary)
    try:
        await run.effects.call_activity(replace(call, name=DATABASE_RUN_END_ACTIVITY))
    except StepFailed as lost:
        run.further_errors.add(lost.failure.at_step(call.id))


def _find_sinks(program: Program) -> dict[str, DeadLetterSink]:
    routes = (node.dead_letter for node in program.nodes.values())
    return {route.queue.name: route.queue for route in routes if route is not None}


def _describe_end(run: Run, letters: int) -> RunEnd:
    """Describe the end of a run. An input that is too large to be told so often must be given by a person."""
    data, schema = run.hidden.redact_value(run.data), run.program.definition.input
    if len(json.dumps(data)) * letters > MOST_TOLD:
        data, hidden = None, ["input"]
    else:
        hidden = [name_place(path) for path, _ in find_write_only(schema, run.data)]
    undone = run.hidden.redact_value(list_undone(run))
    return RunEnd(run.run_id, run.status, undone, data, tuple(hidden))
