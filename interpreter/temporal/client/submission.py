"""What a run is made of, checked before it starts; and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.client import WorkflowHandle

from dsl.check import InvalidDefinition, check
from dsl.expressions import ExprError
from dsl.json_schema.inputs import InputProblem, check_input
from dsl.model import Definition
from dsl.reading.reader import Document
from dsl.rules.activities import Catalogue
from interpreter.calls.priorities import evaluate_start_priority
from interpreter.effects import TaskPriority
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
    priority: TaskPriority | None = None
    """What the `priority` of the definition says for this input."""

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
        InvalidInput: the input does not fit the schema of the definition, or gives a run no priority.
    """
    definition, bundle = prepare_definition(document, catalogue)
    return prepare_input(definition, bundle, data)


def prepare_input(definition: Definition, bundle: Bundle, data: Any) -> Submission:
    """Check an input for a definition that was checked before.

    Args:
        definition: The definition.
        bundle: The texts with which runs of it are started.
        data: The input, plain JSON data.

    Raises:
        InvalidInput: the input does not fit the schema of the definition, or gives a run no priority.
    """
    filled, problems = check_input(definition.input, data)
    if problems:
        raise InvalidInput(problems)
    try:
        priority = evaluate_start_priority(definition, filled)
    except ExprError as error:
        raise InvalidInput(
            [InputProblem((), f"the priority can't be computed from it: {error.message}")]
        ) from None
    return Submission(definition, bundle.text, filled, bundle.files, priority)


def prepare_definition(document: Document, catalogue: Catalogue | None = None) -> tuple[Definition, Bundle]:
    """Check a definition, and collect the texts with which runs of it are started.

    Raises:
        InvalidDefinition: the definition has errors, or calls an activity that does not exist or otherwise.
    """
    checked = check(document, catalogue)
    if checked.definition is None:
        raise InvalidDefinition(checked)
    files = tuple(sorted((name, file.source.text) for name, file in checked.files.items()))
    return checked.definition, Bundle(checked.source.text, files)


async def query_status(handle: WorkflowHandle[Any, Any]) -> dict[str, Any]:
    """What the run answers to the query `status`: its step tree."""
    answer: dict[str, Any] = await handle.query(STATUS_QUERY, result_type=dict)
    return answer
