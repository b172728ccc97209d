"""What a failed run ends with: the one place where it is built, written and read back.

The adapter to Temporal wraps it into an `ApplicationError`; a parent, a client and the command line read it from the
details of that error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from dsl.redaction.redactor import Redactor
from interpreter.failure.codec import decode_failure
from interpreter.failure.failure import Failure
from interpreter.program.model import Program
from interpreter.program.paths import find_defined
from interpreter.state.hidden_input import hide_in_error
from interpreter.state.keys import keeps_what_is_left
from interpreter.state.next_attempt import NextAttempt
from interpreter.state.report import EMPTY_REPORT, RunReport
from interpreter.state.run import Run
from interpreter.state.status import build_report

NEXT_ATTEMPT = "next_attempt"
"""The key of the details under which the next attempt finds what it must know."""

_NOTHING_HIDDEN = Redactor()


@dataclass(frozen=True, slots=True)
class FailedRun:
    """Why a run has failed, and what was done about it."""

    failure: Failure
    line: int | None
    """Where the step stands in the definition that has failed."""
    report: RunReport
    cancel_requested: bool
    """Whether somebody had asked the run to stop."""
    definite: bool
    """Whether to run it again would be of no use, or would begin from a world that is not as it was."""
    stands: bool = False
    """Whether what the run had done stands, wholly or in part: its pivot had completed, or not all was undone."""
    next_attempt: NextAttempt | None = None
    """What the next attempt of the run must know; None if there is none."""
    problems: Sequence[Any] | None = None
    """What is wrong with the definition, if that is why the run was refused."""
    hidden: Redactor = _NOTHING_HIDDEN
    """Replaces the values of the input that people are not shown."""

    def to_failure(self) -> Failure:
        """The failure as a parent of the run sees it.

        The run says itself whether it is definite: without a retry policy the server must never repeat it, so the
        error that carries it is non-retryable in any case.
        """
        return replace(self.failure, non_retryable=self.definite, stands=self.stands)

    def to_details(self) -> dict[str, Any]:
        """Write it as the details of the error that the run ends with."""
        return {
            "step": self.failure.step,
            "line": self.line,
            "error": hide_in_error(self.hidden, self.failure.to_json()),
            **self.report,
            "cancel_requested": self.cancel_requested,
            "definite": self.definite,
            **({"stands": True} if self.stands else {}),
            **({NEXT_ATTEMPT: self.next_attempt.to_json()} if self.next_attempt is not None else {}),
            **({"problems": list(self.problems)} if self.problems is not None else {}),
        }

    @staticmethod
    def from_details(details: object) -> FailedRun | None:
        """Read it back; None if these are the details of another error."""
        match details:
            case {"error": dict(), "compensations": list(), "definite": bool() as definite}:
                told = cast(Mapping[str, Any], details)
                failure = decode_failure(told["error"])
                report = cast(RunReport, {key: told[key] for key in RunReport.__annotations__ if key in told})
                return FailedRun(
                    failure=failure,
                    line=told.get("line"),
                    report=report,
                    cancel_requested=bool(told.get("cancel_requested")),
                    definite=definite,
                    stands=bool(told.get("stands")) or _leaves_effects(report),
                    next_attempt=NextAttempt.from_json(told[NEXT_ATTEMPT]) if NEXT_ATTEMPT in told else None,
                    problems=told.get("problems"),
                )
            case _:
                return None


def read_next_attempt(details: Sequence[object]) -> NextAttempt | None:
    """Read what an attempt that has failed tells the next one; None if it tells nothing, as in earlier releases."""
    failed = FailedRun.from_details(details[0]) if details else None
    return failed.next_attempt if failed is not None else None


def describe_failed_run(run: Run, failure: Failure) -> FailedRun:
    """Say why a run has failed, and what was done about it."""
    report = build_report(run)
    return FailedRun(
        failure=failure,
        line=_find_line(run.program, failure.step),
        report=report,
        cancel_requested=run.effects.cancel_requested(),
        definite=is_definite(run, failure),
        stands=describe_left(run) is not None,
        next_attempt=NextAttempt.of(run) if may_run_again(run, failure) else None,
        hidden=run.hidden,
    )


def describe_left(run: Run) -> str | None:
    """Say what is left of a run that was to undo what it has done; None if nothing is."""
    if (pivot := run.saga.pivot) is not None:
        return f'its pivot "{pivot}" had completed, so that nothing was undone'
    return "not all that it had done could be undone" if run.has_failed_compensation else None


def _leaves_effects(report: RunReport) -> bool:
    """Whether something is left of a run of an earlier release, which did not say so."""
    return report.get("pivot") is not None or any(
        each["status"] != "completed" for each in report["compensations"]
    )


def describe_refused_run(failure: Failure, problems: Sequence[Any]) -> FailedRun:
    """Say why a run was refused: nothing of it was run, and it would be refused again."""
    line = problems[0]["line"] if problems else None
    return FailedRun(failure, line, EMPTY_REPORT, cancel_requested=False, definite=True, problems=problems)


def may_run_again(run: Run, failure: Failure) -> bool:
    """Whether the retry policy of the workflow, its own or its parent's, may start the run again."""
    wanted = (run.program.definition.retry is not None or run.repeatable) and run.only is None
    return wanted and not is_definite(run, failure)


def is_definite(run: Run, failure: Failure) -> bool:
    """Whether to run it again would be of no use, or would begin from a world that is not as it was."""
    return (
        run.has_failed_compensation
        or run.saga.pivot is not None
        or run.effects.cancel_requested()
        or any(link.non_retryable for link in failure.chain())
        or keeps_what_is_left(run)
    )


def _find_line(program: Program, path: str | None) -> int | None:
    node = find_defined(program, path) if path is not None else None
    return node.line if node else None
