"""What a run was started with, read from the first event of its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.converter import DataConverter

from dsl.check import InvalidDefinition
from dsl.json_schema.write_only import build_redactor
from dsl.model import Definition
from dsl.redaction.redactor import Redactor
from interpreter.program.compiled import compile_program
from interpreter.program.model import Bundle
from interpreter.temporal.client.decoding import Undecodable, translate_decoding_errors
from interpreter.temporal.client.run_problem import translate_errors
from interpreter.temporal.wire.formats import WorkflowTaskRefused
from interpreter.temporal.wire.request import InvalidRequest, decode_arguments


@dataclass(frozen=True, slots=True)
class RunStart:
    """A `RunStart` is what one run was started with, as far as it can be read here."""

    bundle: Bundle | None = None
    """The texts of its definition."""
    entry: str | None = None
    """The definition of the bundle that is run; None: the text's own."""
    definition: Definition | None = None
    input: Any = None
    """The input, in which secret values (`writeOnly`) are replaced by their names."""
    state: Mapping[str, Any] | None = None
    """What the run before it has left, if it goes on from one."""
    redactor: Redactor | None = None
    """Replaces secret values of the input; None: nobody knows here which values are secret."""
    by: str | None = None
    """The identity of the client that has started it."""
    goes_on: bool = False
    """Whether it goes on from another run with its id."""
    problem: str | None = None
    """Why some of this is missing."""

    @property
    def text(self) -> str | None:
        """The text of the definition that is run."""
        if self.bundle is None:
            return None
        return self.bundle.text if self.entry is None else dict(self.bundle.files).get(self.entry)

    @property
    def other_texts(self) -> Mapping[str, str]:
        """The texts of the other files of its bundle, by the name of the definition in each."""
        return {name: text for name, text in self.bundle.files if name != self.entry} if self.bundle else {}


async def fetch_start(client: Client, workflow_id: str, run_id: str) -> RunStart:
    """Read what a run was started with.

    Raises:
        RunProblem: there is no such run.
    """
    with translate_errors(workflow_id):
        handle = client.get_workflow_handle(workflow_id, run_id=run_id)
        first = await anext(handle.fetch_history_events(page_size=1))
    return await read_start(first, client.data_converter)


async def read_start(first: HistoryEvent, converter: DataConverter) -> RunStart:
    """Read what a run was started with from its first event."""
    started = first.workflow_execution_started_event_attributes
    given = RunStart(by=started.identity or None, goes_on=bool(started.continued_execution_run_id))
    try:
        with translate_decoding_errors():
            arguments = await converter.decode(started.input.payloads)
        data, request = decode_arguments(arguments)
    except Undecodable as error:
        return replace(given, problem=f"its data can't be decoded here ({error.message})")
    except (InvalidRequest, WorkflowTaskRefused) as error:
        return replace(given, problem=f"its request can't be read: {error}")
    given = replace(given, bundle=request.bundle, entry=request.entry, state=request.state)
    try:
        program = compile_program(request.bundle, request.entry)
    except (InvalidDefinition, KeyError):
        why = "its definition can't be compiled here, so nobody knows which values of the input are secret"
        return replace(given, problem=why)
    definition = program.definition
    hidden = build_redactor(definition.input, data)
    return replace(given, definition=definition, input=hidden.redact_value(data), redactor=hidden)
