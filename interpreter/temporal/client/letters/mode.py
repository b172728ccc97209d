"""Choose what a redrive runs, the step alone or the whole run, by what has become of the run that has failed."""

from __future__ import annotations

from interpreter.effects import UndoneStatus
from interpreter.letters.orders import RedriveMode
from interpreter.letters.run_end import RunEnd
from interpreter.program.paths import COMPENSATION_SUFFIX
from interpreter.temporal.client.letters.source import Parent, Source
from interpreter.temporal.client.letters.store import Letter

_RESOLVE = "`stepfile dlq resolve` ends the letter"


class RedriveRefused(Exception):
    """There can be no redrive. The message says why."""


def choose_mode(letter: Letter, source: Source) -> tuple[RedriveMode, str]:
    """Choose what is run, and say why.

    Args:
        letter: The letter.
        source: What has become of the run that has written it.

    Raises:
        RedriveRefused: nothing may be run.
    """
    workflow_id, end, undoes = letter.record["workflow_id"], letter.run_end, _is_compensation(letter)
    if source.is_running and source.is_later:
        raise RedriveRefused(f"another run {workflow_id} is running, which comes to this step itself")
    if source.is_later and undoes:
        _require_still_to_be_undone(letter, source)
    if end is not None and end.undone:
        return _choose_after_undoing(letter, end, source)
    if end is None and source.was_stopped and source.has_undone and not source.is_later and not undoes:
        raise RedriveRefused(
            "its run was stopped from outside after it had begun to undo, so nobody knows whether the step may "
            f"run alone; `stepfile retry {workflow_id}` runs all of it again"
        )
    if source.is_later and source.has_undone and not undoes:
        raise RedriveRefused(
            f"a run {workflow_id} has undone something since, so nobody knows whether the step may run alone; "
            f"`stepfile retry {workflow_id}` runs all of it again, {_RESOLVE}"
        )
    parent = source.parent if source.has_failed and not undoes else None
    if parent is not None and parent.runs_child_again:
        raise RedriveRefused(f"its run has failed, and {_explain_parent(letter, parent)}")
    if source.is_running and not letter.record["redrive"].get("while_running", True):
        raise RedriveRefused(
            f"the run {workflow_id} still runs, and undoes this step if it fails later; wait until it has ended"
        )
    return (
        RedriveMode.STEP,
        "what its run has done stands, so the step alone is tried again, under the same key",
    )


def _is_compensation(letter: Letter) -> bool:
    return "undo" in letter.record["redrive"].get("request", {}).get("only", {})


def _require_still_to_be_undone(letter: Letter, source: Source) -> None:
    """Make sure that no later run under the same id needs an effect that could not be undone, or has undone it.

    Raises:
        RedriveRefused: a later run needs it or may need it, or it was undone since.
    """
    workflow_id = letter.record["workflow_id"]
    if source.has_completed:
        raise RedriveRefused(
            f"a later run {workflow_id} has completed, and needs what this would undo; {_RESOLVE}"
        )
    if source.was_stopped:
        raise RedriveRefused(
            f"a later run {workflow_id} was stopped from outside, so nobody knows whether it needs what this would "
            f"undo; {_RESOLVE}"
        )
    step = _path_in_keys(letter)
    known = source.undone.get(step.removesuffix(COMPENSATION_SUFFIX))
    if known is not None and known.status is not UndoneStatus.NOT_UNDONE:
        raise RedriveRefused(f"a later run {workflow_id} has undone it since; {_RESOLVE}")


def _choose_after_undoing(letter: Letter, end: RunEnd, source: Source) -> tuple[RedriveMode, str]:
    """Choose what is run for a letter whose run has undone something.

    A run can be resumed only if what it keeps has read nothing that was undone. So the values of a letter still hold.

    Raises:
        RedriveRefused: nothing may be run.
    """
    workflow_id = letter.record["workflow_id"]
    if source.is_running:
        raise RedriveRefused(
            f"its run was undone, and a later run {workflow_id} is running; wait until it has ended"
        )
    if not source.has_completed and source.parent is not None:
        raise RedriveRefused(f"its run was undone, and {_explain_parent(letter, source.parent)}")
    if not source.has_completed:
        return RedriveMode.RUN, f"its run has ended {end.status}, and what it had done before was undone"
    if not source.was_resumed or _path_in_keys(letter) in end.undone:
        raise RedriveRefused(
            f"its run was undone, and a later run {workflow_id} has completed since, so there is nothing to redrive; "
            f"{_RESOLVE}"
        )
    return (
        RedriveMode.STEP,
        "its run was resumed and has completed without this step, so the step alone is tried again, under the same "
        "key",
    )


def _explain_parent(letter: Letter, parent: Parent) -> str:
    """Say why a run is left to its parent, and what can be done instead."""
    name, child = parent.workflow_id, letter.record["workflow_id"]
    if parent.is_running:
        return f"is a child of {name}, which is running, and may run it again; wait until that has ended"
    if parent.has_completed:
        return (
            f"is a child of {name}, which has completed, and may have done this work in another way; "
            f"if it has, {_RESOLVE}; if not, `stepfile retry {child}` runs the child again"
        )
    return (
        f"is a child of {name}, which runs it again when it is repaired itself: use `stepfile resume {name}` or "
        f"`stepfile retry {name}`; if that is done, {_RESOLVE}"
    )


def _path_in_keys(letter: Letter) -> str:
    return str(letter.record["key"]).removeprefix(f"{letter.record['workflow_id']}/")
