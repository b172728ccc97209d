"""What a run is made of, checked before it starts; and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from temporalio.client import WorkflowHandle

from dsl.check import Checked, InvalidDefinition, check
from dsl.definition.bundle import list_definitions
from dsl.json_schema.inputs import InputProblem, check_input
from dsl.model import Definition
from dsl.reading.reader import Document
from dsl.rules.activities import Catalogue, check_activities
from interpreter.program.model import Bundle
from interpreter.temporal.wire.names import STATUS_QUERY


class InvalidInput(ValueError):
    """The input does not fit the definition's schema."""

    def __init__(self, problems: Sequence[InputProblem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Submission:
    """A definition and an input that fit together, checked and ready to be started."""

    definition: Definition
    text: str
    input: Any
    files: tuple[tuple[str, str], ...] = ()
    """The texts of the files of its bundle, with the name of the definition in each."""

    @property
    def bundle(self) -> Bundle:
        return Bundle(self.text, self.files)


def prepare(document: Document, data: Any = None, catalogue: Catalogue | None = None) -> Submission:
    """Check everything that can be checked before a run starts.

    Args:
        document: A definition, as read by `dsl.reading.reader`.
        data: The input, plain JSON data.
        catalogue: The activities of the workers, if their code can be imported here.

    Raises:
        InvalidDefinition: the definition has errors, or calls an activity that does not exist or otherwise.
        InvalidInput: the input does not fit the definition's schema.
    """
    checked = check(document)
    if catalogue is not None:
        checked = check_calls(checked, catalogue)
    definition = checked.definition
    if definition is None:
        raise InvalidDefinition(checked)
    filled, problems = check_input(definition.input, data)
    if problems:
        raise InvalidInput(problems)
    files = tuple(sorted((name, file.source.text) for name, file in checked.files.items()))
    return Submission(definition, checked.source.text, filled, files)


def check_calls(checked: Checked, catalogue: Catalogue) -> Checked:
    """Check a definition that is right so far against the activities of its workers, too."""
    if checked.definition is None:
        return checked
    wrong = list(check_activities(checked.definition, catalogue))
    files = dict(checked.files)
    for name, definition in list_definitions(checked.definition):
        found = tuple(check_activities(definition, catalogue))
        if name not in files:
            wrong += (replace(problem, path=("definitions", name, *problem.path)) for problem in found)
        elif found:
            files[name] = replace(files[name], problems=(*files[name].problems, *found))
    again = replace(checked, problems=(*checked.problems, *wrong), files=files)
    return replace(again, definition=None) if again.errors else again


async def query_status(handle: WorkflowHandle[Any, Any]) -> dict[str, Any]:
    """What the run answers to the query `status`: its step tree."""
    answer: dict[str, Any] = await handle.query(STATUS_QUERY, result_type=dict)
    return answer
