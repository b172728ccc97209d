"""A run that has undone something tells that to the letters that it has written to the built-in queue.

From then on what has failed must not be run alone: what it relies on is no more. A run that has undone nothing, or
has written no letters, tells nothing.
"""

from __future__ import annotations

import json

from dsl.json_schema.write_only import find_write_only, name_place
from interpreter.effects import LetterAddress
from interpreter.letters.run_end import RunEnd
from interpreter.program.model import Node
from interpreter.state.keys import count_undone, list_undone
from interpreter.state.run import Run, WrittenLetter

MOST_TOLD = 1_000_000
"""Letters of JSON of all messages together. The history of the run holds them. Part of replay: never change it."""


def note_letter(run: Run, node: Node, letter: LetterAddress) -> None:
    """Note a letter that is to be told of what is undone later. What undoes can be run alone in any case."""
    if not node.undoes and any(each.compensation for each in run.program.nodes.values()):
        run.letters.add(WrittenLetter(letter.queue, letter.key, count_undone(run)))


async def tell_letters(run: Run) -> None:
    """Tell those letters since which something was undone how the run has ended, and what was undone."""
    written = {LetterAddress(each.queue, each.key): each.undone for each in run.letters}
    undone = count_undone(run)
    told = [letter for letter, before in written.items() if before < undone]
    if told:
        await run.effects.tell_letters(told, _describe_end(run, len(told)).to_json())


def _describe_end(run: Run, letters: int) -> RunEnd:
    """Describe the end of a run. An input that is too large to be told so often must be given by a person."""
    data, schema = run.hidden.redact_value(run.data), run.program.definition.input
    if len(json.dumps(data)) * letters > MOST_TOLD:
        data, hidden = None, ["input"]
    else:
        hidden = [name_place(path) for path, _ in find_write_only(schema, run.data)]
    return RunEnd(run.run_id, run.status, list_undone(run), data, tuple(hidden))
