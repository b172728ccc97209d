"""Whether a run may start with what it was given: checked by the client, and again here, behind its back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from dsl import InvalidDefinition
from dsl.expressions import Limits
from dsl.inputs import check_input
from dsl.render import Record, records
from interpreter.aftermath import NOTHING_DONE
from interpreter.failure import Failure
from interpreter.program import Program, compile_program
from interpreter.run import Run
from interpreter.temporal.effects import TemporalEffects
from interpreter.temporal.request import StartRequest


class Refused(Exception):
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
            "error": self.failure.as_json(),
            "problems": list(self.problems),
            **NOTHING_DONE,
            "cancel_requested": False,
        }
        return ApplicationError(self.failure.message, details, type=self.failure.type, non_retryable=True)


def admit(arguments: Sequence[Any]) -> tuple[Run, Any]:
    """A fresh run, and its input with the schema's defaults.

    Raises:
        Refused: the arguments, the definition or the input are wrong.
    """
    request = _request(arguments)
    program = _compiled(request)
    data, problems = check_input(program.definition.input, request.input)
    if problems:
        raise Refused("InvalidInput", "; ".join(str(problem) for problem in problems))
    return Run(program, TemporalEffects(), Limits(**request.limits), generation=_generation()), data


def _generation() -> int:
    """A run that has failed has undone what it did, or it would not be repeated; one that the server has timed out has
    undone nothing."""
    failed = isinstance(workflow.get_last_failure(), ApplicationError)
    return workflow.info().attempt if failed else 1


def _request(arguments: Sequence[Any]) -> StartRequest:
    """Decoded here: what temporalio cannot decode blocks a run for ever."""
    match arguments:
        case [{"definition": str(), "digest": str()} as fields]:
            try:
                return StartRequest(**fields)
            except TypeError:
                pass
    raise Refused(
        "InvalidRequest",
        "a run is started with one argument: {definition: TEXT, digest: SHA-256 OF IT, input: ..., limits: ...}",
    )


def _compiled(request: StartRequest) -> Program:
    try:
        program = compile_program(request.definition)
    except InvalidDefinition as error:
        found = records([p for p in error.checked.problems if p.severity == "error"], error.checked.source)
        first, more = found[0], len(found) - 1
        message = f"line {first['line']}: {first['message']}{f' (and {more} more)' if more else ''}"
        raise Refused("InvalidDefinition", message, found) from None
    if program.digest != request.digest:
        raise Refused("InvalidDefinition", "the text of the definition does not have the digest it came with")
    return program
