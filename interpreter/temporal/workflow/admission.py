"""Whether a run may start with what it was given: checked by the client, and again here, behind its back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from dsl import Checked, InvalidDefinition
from dsl.expressions import Limits
from dsl.json_schema.inputs import check_input
from dsl.problems.render import Record, build_records
from interpreter.failure.failure import Failure
from interpreter.program.compiler import compile_program
from interpreter.program.model import Bundle, Program
from interpreter.snapshot import restore_state
from interpreter.state.report import EMPTY_REPORT
from interpreter.state.run import Run
from interpreter.temporal.wire.request import StartRequest
from interpreter.temporal.workflow.effects import TemporalEffects


class RunRefused(Exception):
    """Nothing was run."""

    def __init__(self, kind: str, message: str, problems: Sequence[Record] = ()) -> None:
        super().__init__(message)
        self.failure = Failure(kind, message, non_retryable=True)
        self.problems = problems

    def as_error(self) -> ApplicationError:
        """What the run ends with; the details have the same keys as those of a run that failed later."""
        details = {
            "step": None,
            "line": self.problems[0]["line"] if self.problems else None,
            "error": self.failure.to_json(),
            "problems": list(self.problems),
            **EMPTY_REPORT,
            "cancel_requested": False,
            "definite": True,
        }
        return ApplicationError(self.failure.message, details, type=self.failure.type, non_retryable=True)


def admit(arguments: Sequence[Any]) -> Run:
    """A run that can begin, or go on where another has continued as new.

    Raises:
        Refused: the arguments, the definition or the input are wrong.
    """
    request = _decode_request(arguments)
    program = _compile(request)
    data, problems = check_input(program.definition.input, request.input)
    if problems:
        raise RunRefused("InvalidInput", "; ".join(str(problem) for problem in problems))
    effects = TemporalEffects(arguments[0], data)

    def fresh() -> Run:
        limits, repeatable = Limits(**request.limits), request.repeatable
        return Run(program, effects, data, limits, identity=_build_identity(), repeatable=repeatable)

    run = fresh()
    if request.state is not None:
        restore_state(run, request.state)
    again = workflow.info().attempt - 1
    run.attempt += again
    if not _was_undone():
        return run
    # what the run before has done is no more, so this one begins at the beginning, wherever that one had
    attempt, generation = run.attempt, run.generation + again
    run = fresh()
    run.attempt, run.generation = attempt, generation
    return run


def _build_identity() -> str:
    info = workflow.info()
    return (
        f"{info.workflow_id}@{info.start_time:%Y-%m-%dT%H:%M:%SZ}" if info.cron_schedule else info.workflow_id
    )


def _was_undone() -> bool:
    """Whether this is a retry of a run that has failed, and so was undone; one that has timed out was not."""
    return workflow.info().attempt > 1 and isinstance(workflow.get_last_failure(), ApplicationError)


def _decode_request(arguments: Sequence[Any]) -> StartRequest:
    """Decoded here: what temporalio cannot decode blocks a run for ever."""
    match arguments:
        case [{"definition": str(), "digest": str()} as fields] if _is_well_formed(fields):
            try:
                return StartRequest(**fields)
            except TypeError:
                pass
    raise RunRefused(
        "InvalidRequest",
        "a run is started with one argument: {definition: TEXT, digest: SHA-256 OF IT, input: ..., limits: ...}",
    )


def _is_well_formed(fields: dict[str, Any]) -> bool:
    files, entry, repeatable = fields.get("files", {}), fields.get("entry"), fields.get("repeatable", False)
    texts = isinstance(files, dict) and all(isinstance(text, str) for text in files.values())
    state, after = fields.get("state"), fields.get("continue_as_new_after")
    carried = isinstance(state, dict | None) and isinstance(after, int | None)
    return texts and isinstance(entry, str | None) and isinstance(repeatable, bool) and carried


def _compile(request: StartRequest) -> Program:
    try:
        files = tuple(sorted(request.files.items()))
        program = compile_program(Bundle(request.definition, files), request.entry)
    except InvalidDefinition as error:
        found = [record for each in error.checked.documents for record in _list_errors(each)]
        first, more = found[0], len(found) - 1
        message = f"line {first['line']}: {first['message']}{f' (and {more} more)' if more else ''}"
        raise RunRefused("InvalidDefinition", message, found) from None
    except KeyError:
        raise RunRefused("InvalidDefinition", f'the bundle has no definition "{request.entry}"') from None
    if program.digest != request.digest:
        raise RunRefused(
            "InvalidDefinition", "the text of the definition does not have the digest it came with"
        )
    return program


def _list_errors(checked: Checked) -> list[Record]:
    return build_records(
        [problem for problem in checked.problems if problem.severity == "error"], checked.source
    )
