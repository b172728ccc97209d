"""What a run tells the letters that it has written: those that Stepfile redrives.

These are the letters of the built-in queue, and those of the letters database, whose activity is called for it. A run
that knows of no letters tells nothing. It knows its own, and if it was resumed, those of the run before. It tells two
things:

- **Something was undone.** The letters of it hear that at the end of the run: of the whole run, or of a block that
  was tried again, whose error was handled, or that has lost a race. From then on what has failed must not be run
  alone: what it relies on is no more.
- **What had failed is done**, because the run was resumed, or a block or a compensation was tried again. The letter
  hears that at once, since nobody need run that again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dsl.json_schema.write_only import find_write_only, name_place
from dsl.model.dead_letters import DATABASE_TELL_ACTIVITY
from dsl.scalars.time import format_time
from interpreter.concurrency.shield import shield
from interpreter.effects import LetterAddress, LetterNews
from interpreter.failure.failure import StepFailed
from interpreter.letters.orders import Command, Order
from interpreter.letters.queue_calls import build_queue_call
from interpreter.letters.record import FailedEffect
from interpreter.letters.run_end import RunEnd
from interpreter.program.model import DeadLetterSink, Node, Program
from interpreter.state.keys import list_undone, step_key
from interpreter.state.report import MAXIMUM_ENTRIES
from interpreter.state.run import Run, WrittenLetter

MOST_TOLD = 1_000_000
"""Letters of JSON of all messages together. The history of the run holds them. Part of replay: never change it."""


RESOLVE_LETTERS = "stepfile-resolve-letters"
"""Names what a run does not do that was here before on a worker of an earlier release. Never change it, either."""


def note_letter(run: Run, failed: FailedEffect, letter: LetterAddress) -> None:
    """Note a letter that is told what becomes of its effect. Of very many letters the last ones are noted.

    What undoes something can be run alone whatever was undone, and so can what no compensation concerns.
    """
    alone = failed.node.undoes or not any(each.compensation for each in run.program.nodes.values())
    run.letters.pop(letter, None)
    run.letters[letter] = WrittenLetter(() if alone else (failed.node.path, *failed.inside))
    if len(run.letters) > MAXIMUM_ENTRIES:
        del run.letters[next(iter(run.letters))]


def outdate_letters(run: Run, within: Collection[str] | None) -> None:
    """Note that something was undone, of the whole run or inside of some blocks."""
    for letter, each in run.letters.items():
        if each.inside and (within is None or any(path in within for path in each.inside)):
            run.letters[letter] = each._replace(is_outdated=True)


async def tell_letters(run: Run) -> None:
    """Tell those letters since which something was undone how the run has ended, and what was undone."""
    told = [letter for letter, each in run.letters.items() if each.is_outdated]
    if not told:
        return
    await _tell(run, told, "run_end", _describe_end(run, len(told)).to_json())


def find_letters(run: Run, node: Node) -> list[LetterAddress]:
    """Find the letters that a run may resolve of a step, an item or a compensation."""
    key = run.hidden.redact_text(step_key(run, node))
    found = [letter for letter in run.letters if letter.key == key]
    return found if found and run.effects.may_do(RESOLVE_LETTERS) else []


async def resolve_letters(run: Run, node: Node) -> None:
    """Tell the letters of what is done by now, and forget them. Nothing stops this, and nothing fails because of it.

    Args:
        run: The run.
        node: The step, the item or the compensation that has succeeded.
    """
    letters = find_letters(run, node)
    for letter in letters:
        del run.letters[letter]
    if letters:
        await shield(_tell(run, letters, "order", _describe_success(run).to_json()))


async def _tell(
    run: Run, letters: Sequence[LetterAddress], news: LetterNews, message: Mapping[str, Any]
) -> None:
    """Tell letters something, wherever they are kept."""
    sinks = _find_sinks(run.program)
    in_database = {letter.queue for letter in letters if _is_in_database(sinks.get(letter.queue))}
    built_in = [letter for letter in letters if letter.queue not in in_database]
    if built_in:
        await run.effects.tell_letters(built_in, news, message)
    for name in sorted(in_database):
        keys = [letter.key for letter in letters if letter.queue == name]
        await _tell_database(run, sinks[name], news, {"queue": name, "keys": keys, news: message})


async def _tell_database(run: Run, queue: DeadLetterSink, news: LetterNews, argument: dict[str, Any]) -> None:
    """Tell letters in the letters database; the run does not go on before that is kept."""
    place = f"{queue.name}.{news}"
    summary = f"{queue.name}: {_SUMMARIES[news]}"
    call = build_queue_call(run, queue, place, argument, key=f"{run.identity}/{place}", summary=summary)
    try:
        await run.effects.call_activity(replace(call, name=DATABASE_TELL_ACTIVITY))
    except StepFailed as lost:
        run.further_errors.add(lost.failure.at_step(call.id))


_SUMMARIES: Mapping[LetterNews, str] = {"run_end": "what was undone", "order": "what is done by now"}


def _is_in_database(queue: DeadLetterSink | None) -> bool:
    """Whether letters of a queue are in the letters database; None stands for one that the definition has not."""
    return queue is not None and queue.activity is not None


def _find_sinks(program: Program) -> dict[str, DeadLetterSink]:
    routes = (node.dead_letter for node in program.nodes.values())
    queues = (*(route.queue for route in routes if route is not None), program.saga_queue)
    return {queue.name: queue for queue in queues if queue is not None}


def _describe_success(run: Run) -> Order:
    """Describe the order of a run that has done what had failed."""
    run_id, by = run.effects.run_id, run.effects.repaired_by
    why = f"it was done in the run {run_id}{f', {by}' if by is not None else ''}"
    now = format_time(run.effects.now())
    return Order(f"{run_id} {now}", Command.RESOLVE, f"the run {run.workflow_id}", why, is_fact=True)


def _describe_end(run: Run, letters: int) -> RunEnd:
    """Describe the end of a run. An input that is too large to be told so often must be given by a person."""
    data, schema = run.hidden.redact_value(run.data), run.program.definition.input
    if len(json.dumps(data)) * letters > MOST_TOLD:
        data, hidden = None, ["input"]
    else:
        hidden = [name_place(path) for path, _ in find_write_only(schema, run.data)]
    undone = run.hidden.redact_value(list_undone(run))
    return RunEnd(run.run_id, run.status, undone, data, tuple(hidden))
