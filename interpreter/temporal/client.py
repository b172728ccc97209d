"""Start runs of definitions and look at them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.common import RetryPolicy

from dsl import Checked, Definition, InvalidDefinition, check
from dsl.bundle import members
from dsl.defaults import named_policy
from dsl.inputs import InputProblem, check_input
from dsl.reader import Document
from dsl.rules.activities import Catalogue, check_activities
from interpreter.program import Bundle
from interpreter.temporal.names import DEFAULT_TASK_QUEUE, STATUS_QUERY, WORKFLOW_TYPE
from interpreter.temporal.request import memo_for, request_for
from interpreter.temporal.scheduling import retry_policy


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
        document: A definition, as read by `dsl.reader`.
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
    for name, definition in members(checked.definition):
        found = tuple(check_activities(definition, catalogue))
        if name not in files:
            wrong += (replace(problem, path=("definitions", name, *problem.path)) for problem in found)
        elif found:
            files[name] = replace(files[name], problems=(*files[name].problems, *found))
    again = replace(checked, problems=(*checked.problems, *wrong), files=files)
    return replace(again, definition=None) if again.errors else checked


async def start(
    client: Client,
    submission: Submission,
    *,
    workflow_id: str | None = None,
    task_queue: str = DEFAULT_TASK_QUEUE,
) -> WorkflowHandle[Any, Any]:
    """Start a run.

    Args:
        client: A connection, as from `connect`.
        submission: What `prepare` returned.
        workflow_id: Without it, the definition's name and a random part.
        task_queue: Where a Stepfile worker takes work from.

    Returns:
        temporalio's handle: `await handle.result()`, `handle.cancel()`, `handle.query("status")`.

    Raises:
        temporalio.exceptions.WorkflowAlreadyStartedError: a run with this id has not ended yet.
    """
    definition = submission.definition
    timeouts = definition.timeouts
    return await client.start_workflow(
        WORKFLOW_TYPE,
        request_for(submission.bundle, submission.input),
        id=workflow_id or f"{definition.name}-{uuid.uuid4().hex[:12]}",
        task_queue=task_queue,
        execution_timeout=timeouts.execution,
        run_timeout=timeouts.run,
        task_timeout=timeouts.task,
        retry_policy=_workflow_retry(definition),
        memo=memo_of(submission),
        static_summary=definition.name,
    )


async def status(handle: WorkflowHandle[Any, Any]) -> dict[str, Any]:
    """What the run answers to the query `status`: its step tree."""
    answer: dict[str, Any] = await handle.query(STATUS_QUERY, result_type=dict)
    return answer


def memo_of(submission: Submission) -> dict[str, Any]:
    """What every run carries for people and tools: which definition it is a run of."""
    return memo_for(submission.definition, submission.bundle)


def _workflow_retry(definition: Definition) -> RetryPolicy | None:
    return None if definition.retry is None else retry_policy(named_policy(definition, definition.retry))
