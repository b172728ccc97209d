"""What is left of a run that has failed or was cancelled, although all was to be undone: its parent must know."""

from __future__ import annotations

from interpreter.failure.failure import Failure
from interpreter.state.report import RunReport
from interpreter.state.run import Run


def leaves_effects(report: RunReport, failure: Failure) -> bool:
    """Whether something is left of what a run has done, or of what a child has done for which it has failed.

    Args:
        report: What was done about the failure; also one that an earlier release has written.
        failure: Why the run has failed.
    """
    undone = {each["step"] for each in report["compensations"] if each["status"] == "completed"}
    if _is_left(failure, undone) or report.get("pivot") is not None:
        return True
    return any(each["status"] != "completed" for each in report["compensations"])


def describe_left(run: Run) -> str | None:
    """Say what is left of a run that was cancelled, and has undone what it could; None if nothing is."""
    if (pivot := run.saga.pivot) is not None:
        return f'its pivot "{pivot}" had completed, so that nothing was undone'
    if run.has_failed_compensation:
        return "not all that it had done could be undone"
    if (child := find_child_that_stands(run)) is not None:
        return f'something is left of what its child "{child}" had done'
    return None


def find_child_that_stands(run: Run) -> str | None:
    """Find a step whose child has left something that the step's own compensation has not undone.

    A step after which the run has gone on does not count: its error was handled.
    """
    undone = {each["step"] for each in run.compensations if each["status"] == "completed"}
    failed = run.progress.find_failed(run.program)
    return next((path for path, error in failed if _is_left(error, undone)), None)


def _is_left(failure: Failure, undone: set[str]) -> bool:
    """Whether something has failed because of a child that has left something which nobody has undone."""
    link = next((link for link in failure.chain() if link.stands), None)
    return link is not None and (link.step or failure.step) not in undone
