"""A run that has undone something tells that to the letters that it has written to the built-in queue.

From then on what has failed must not be run alone: what it relies on is no more. That concerns the letters of what
was undone: of the whole run, or of a block that was tried again, whose error was handled, or that has lost a race. A
run that has undone nothing, or has written no letters, tells nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from dsl.json_schema.write_only import find_write_only, name_place
from interpreter.effects import LetterAddress
from interpreter.letters.record import FailedEffect
from interpreter.letters.run_end import RunEnd
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
    if told:
        await run.effects.tell_letters(told, _describe_end(run, len(told)).to_json())


def _describe_end(run: Run, letters: int) -> RunEnd:
    """Describe the end of a run. An input that is too large to be told so often must be given by a person."""
    data, schema = run.hidden.redact_value(run.data), run.program.definition.input
    if len(json.dumps(data)) * letters > MOST_TOLD:
        data, hidden = None, ["input"]
    else:
        hidden = [name_place(path) for path, _ in find_write_only(schema, run.data)]
    undone = run.hidden.redact_value(list_undone(run))
    return RunEnd(run.run_id, run.status, undone, data, tuple(hidden))
