"""Whether a run may start with what it was given: checked by the client, and again here, behind its back.

Two things can be wrong. Either the run can never begin with what it was given: then it is *refused*, and ends. Or
this worker is not the one to run it, since its type is none of ours, a newer release has written its request, or its
payloads can't be decoded here: then the workflow *task* fails, and another worker may take the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from dsl.check import Checked, InvalidDefinition
from dsl.expressions import JsonValue
from dsl.json_schema import metaschema
from dsl.json_schema.inputs import check_input
from dsl.problems.render import Record, build_records
from dsl.rules import schema_references
from interpreter.failure.failure import Failure
from interpreter.program.compiled import compile_program
from interpreter.program.model import Program
from interpreter.snapshot import restore_state
from interpreter.state.failed_run import describe_refused_run, read_next_attempt
from interpreter.state.only_step import OnlyStep, find_only_node
from interpreter.state.run import Run
from interpreter.temporal.wire.formats import FIRST_READERS, WorkflowTaskRefused
from interpreter.temporal.wire.names import (
    FORMER_TYPE,
    TYPE_PREFIX,
    build_workflow_type,
    is_stepfile_type,
)
from interpreter.temporal.wire.payloads import is_json
from interpreter.temporal.wire.request import (
    InvalidRequest,
    StartRequest,
    build_memo,
    decode_arguments,
    replace_predecessor,
)
from interpreter.temporal.workflow.effects import TemporalEffects
from interpreter.temporal.workflow.observation import Observation

LOADED_WITH_THE_WORKFLOW = (metaschema, schema_references)
"""What the language imports when it needs it. Temporal's sandbox warns of imports that come after the workflow was
loaded."""


class RunRefused(Exception):
    """The run can never begin; nothing of it was run."""

    def __init__(self, kind: str, message: str, problems: Sequence[Record] = ()) -> None:
        super().__init__(message)
        self.ending = describe_refused_run(Failure(kind, message, non_retryable=True), problems)


def admit(args: Sequence[RawValue]) -> tuple[Sequence[Any], Run]:
    """Make a run that can begin, or go on where another one has continued as new.

    Returns:
        The decoded arguments, and the run.

    Raises:
        RunRefused: the arguments, the definition or the input are wrong.
        WorkflowTaskRefused: this worker is not the one to run it.
    """
    _check_type()
    arguments: list[Any] = _decode_values(args)
    request, data = _decode_request(arguments)
    program = _compile(request)
    definition = program.definition
    if request.only is None:
        data, problems = check_input(definition.input, data)
        if problems:
            raise RunRefused("InvalidInput", "; ".join(str(problem) for problem in problems))
    else:
        _check_step(program, request.only)
    observation = Observation(definition.name, definition.version)
    effects = TemporalEffects(arguments, request, data, build_memo(definition, program.bundle), observation)

    def build_fresh_run() -> Run:
        return Run(
            program,
            effects,
            data,
            request.limits,
            identity=_build_identity(),
            predecessor=request.predecessor,
            only=request.only,
            repeatable=request.repeatable,
        )

    run = build_fresh_run()
    if request.state is not None:
        restore_state(run, request.state)
        for (
            letter
        ) in run.dead_letters:  # a run that was resumed has those of the run before, and no attribute yet
            effects.record_letter(letter["queue"])
    again = workflow.info().attempt - 1
    run.attempt += again
    failure = _find_failed_attempt()
    if failure is None:
        return arguments, run
    # what the attempt before has done is no more, so this one begins at the beginning, wherever that one had
    next_run, told = build_fresh_run(), read_next_attempt(failure.details)
    next_run.attempt, next_run.generation = run.attempt, run.generation
    if told is not None:
        told.apply(next_run, run)
        arguments[1] = replace_predecessor(
            arguments[1], next_run.predecessor
        )  # for a run that goes on from this one
    else:  # a worker of an earlier release has made that attempt, and all that can be undone has the next key
        next_run.generation, next_run.undone = run.generation + again, run.undone
    return arguments, next_run


def _check_step(program: Program, only: OnlyStep) -> None:
    """Look for the only step that the run runs. Its input is a part of one, which was checked in another run.

    Raises:
        RunRefused: the definition has no such step.
    """
    try:
        find_only_node(program, only)
    except KeyError as error:
        raise RunRefused(
            "InvalidRequest", f"only.step: the definition has no step {error.args[0]!r}"
        ) from None


def _decode_values(args: Sequence[RawValue]) -> list[JsonValue]:
    """Decode the arguments of a run.

    Raises:
        RunRefused: it is not JSON.
        WorkflowTaskRefused: this worker can't decode it.
    """
    for each in args:
        if not is_json(each.payload):
            encoding = each.payload.metadata.get("encoding", b"").decode(errors="replace")
            if encoding in _FOREIGN_ENCODINGS:
                message = f"the arguments must be JSON, found a payload with the encoding {encoding}"
                raise RunRefused("InvalidRequest", message)
            raise WorkflowTaskRefused(
                f'an argument has the encoding "{encoding}", which this worker does not know. It must have '
                "the same data converter as the client."
            )
    converter = workflow.payload_converter()
    return [converter.from_payload(each.payload) for each in args]


_FOREIGN_ENCODINGS = ("binary/plain", "binary/protobuf")
"""What every data converter of an SDK can write, and is never JSON."""


def _check_type() -> None:
    """
    Raises:
        WorkflowTaskRefused: the type is none of ours.
    """
    workflow_type = workflow.info().workflow_type
    if workflow_type == FORMER_TYPE:
        raise WorkflowTaskRefused(
            f'runs of the workflow type "{FORMER_TYPE}" were started by a release before {FIRST_READERS[1]}, and '
            "only a worker of such a release can continue them. Keep such a worker until they have ended, or "
            "terminate them and start them anew."
        )
    if not is_stepfile_type(workflow_type):
        raise WorkflowTaskRefused(
            f'this worker has no workflow of the type "{workflow_type}"; the types of definitions begin with '
            f'"{TYPE_PREFIX}". The run continues as soon as a worker that has this type takes it from the task queue.'
        )


def _build_identity() -> str:
    info = workflow.info()
    if info.cron_schedule:
        return f"{info.workflow_id}@{info.start_time:%Y-%m-%dT%H:%M:%SZ}"
    return info.workflow_id


def _find_failed_attempt() -> ApplicationError | None:
    """Find the attempt before this one, if it has failed, and so was undone; one that has timed out was not."""
    failure = workflow.get_last_failure() if workflow.info().attempt > 1 else None
    return failure if isinstance(failure, ApplicationError) else None


def _decode_request(arguments: Sequence[Any]) -> tuple[StartRequest, JsonValue]:
    try:
        data, request = decode_arguments(arguments)
    except InvalidRequest as error:
        raise RunRefused("InvalidRequest", str(error)) from None
    _share_texts(arguments[1]["definition"])
    return request, data


def _share_texts(definition: dict[str, JsonValue]) -> None:
    """Keep the text of a definition once for all its runs: each of them needs it when it continues as new."""
    for name, value in definition.items():
        if isinstance(value, str):
            definition[name] = _share_text(value)


@lru_cache(maxsize=64)
def _share_text(text: str) -> str:
    """Return the first one of equal texts. `sys.intern` would keep them for ever in releases of Python 3.12."""
    return text


def _compile(request: StartRequest) -> Program:
    """
    Raises:
        RunRefused: the definition has problems, or is not the one that it is said to be.
        WorkflowTaskRefused: it is so large that it is not compiled yet.
    """
    try:
        program = compile_program(request.bundle, request.entry, patience=_PATIENCE)
    except TimeoutError:
        raise WorkflowTaskRefused(
            "the definition of this run is so large that this worker is still compiling it. The server repeats the "
            "workflow task, and the run continues as soon as the definition is compiled."
        ) from None
    except InvalidDefinition as error:
        found = [record for each in error.checked.documents for record in _list_errors(each)]
        first, more = found[0], len(found) - 1
        message = f"line {first['line']}: {first['message']}{f' (and {more} more)' if more else ''}"
        raise RunRefused("InvalidDefinition", message, found) from None
    except KeyError:
        raise RunRefused("InvalidDefinition", f'the bundle has no definition "{request.entry}"') from None
    if request.digest is not None and program.digest != request.digest:
        message = "the digest that was sent is not the digest of the text of the definition"
        raise RunRefused("InvalidDefinition", message)
    workflow_type = build_workflow_type(program.definition.name)
    if workflow.info().workflow_type != workflow_type:
        raise RunRefused(
            "InvalidRequest",
            f'the workflow type is "{workflow.info().workflow_type}", but this definition needs "{workflow_type}"',
        )
    return program


_PATIENCE = 1.0
"""How many seconds a workflow waits for its program. After two seconds temporalio takes it for a deadlock."""


def _list_errors(checked: Checked) -> list[Record]:
    return build_records(
        [problem for problem in checked.problems if problem.severity == "error"], checked.source
    )
