"""Plan a redrive: what it starts and why, or why there can be none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from temporalio.client import Client

from interpreter.letters.orders import RedriveMode, RedriveStart
from interpreter.letters.status import LetterStatus
from interpreter.predecessor import Predecessor
from interpreter.program.compiled import compile_program
from interpreter.state.patches import InvalidPatch, Patch, patch_values
from interpreter.temporal.client.decoding import CODEC_HINT, Undecodable
from interpreter.temporal.client.letters.children import tell_of_children
from interpreter.temporal.client.letters.mode import RedriveRefused, choose_mode
from interpreter.temporal.client.letters.newer_definition import IncompatibleDefinition, NewerDefinition
from interpreter.temporal.client.letters.source import look_at_source
from interpreter.temporal.client.letters.step_values import StepValues
from interpreter.temporal.client.letters.store import Letter
from interpreter.temporal.client.own_predecessor import PredecessorProblem
from interpreter.temporal.client.predecessor import find_predecessor
from interpreter.temporal.wire.definition_text import decode_definition
from interpreter.temporal.wire.request import replace_predecessor


@dataclass(frozen=True, slots=True, kw_only=True)
class RedriveChanges:
    """What a redrive does otherwise than the run that has failed."""

    patches: tuple[Patch, ...] = ()
    definition: NewerDefinition | None = None
    despite_poison: bool = False
    """Whether letters that are poison are redriven, too."""


NO_CHANGES = RedriveChanges()


@dataclass(frozen=True, slots=True)
class RedrivePlan:
    """What a redrive of one letter would do."""

    letter: Letter
    start: RedriveStart | None
    """None: it is refused."""
    why: str
    """Why the step alone is run, or the whole run, or nothing."""
    changes: tuple[str, ...] = ()
    """What is otherwise than in the run that has failed, in words."""


async def plan_redrive(client: Client, letter: Letter, changes: RedriveChanges = NO_CHANGES) -> RedrivePlan:
    """Plan the redrive of a letter. Nothing is sent.

    Args:
        client: A connection to the Temporal that runs definitions, wherever letters are kept.
        letter: The letter, read just now.
        changes: What is to be otherwise than in the run that has failed.
    """
    try:
        return await _plan(client, letter, changes)
    except (RedriveRefused, InvalidPatch, IncompatibleDefinition) as refused:
        return RedrivePlan(letter, None, str(refused))
    except PredecessorProblem as problem:
        return RedrivePlan(letter, None, problem.message)
    except Undecodable as problem:
        return RedrivePlan(
            letter, None, f"what its run has done can't be decoded here: {problem}; {CODEC_HINT}"
        )


async def _plan(client: Client, letter: Letter, changes: RedriveChanges) -> RedrivePlan:
    _check_status(letter, changes)
    redrive: Mapping[str, Any] | None = letter.record.get("redrive")
    if redrive is None:
        raise RedriveRefused("its record was written by a release that could not redrive")
    source = await look_at_source(client, letter.record)
    mode, why = choose_mode(letter, source)
    if "refused" in redrive and (mode is RedriveMode.STEP or "request" not in redrive):
        raise RedriveRefused(redrive["refused"])
    found: tuple[str, ...] = ()
    if changes.definition is not None:
        redrive, found = changes.definition.replace_in(redrive, letter.record, mode)
    if mode is RedriveMode.STEP:
        start, changed = await _plan_step(client, redrive, changes)
    else:
        start, changed = await _plan_run(client, letter, redrive, changes)
    return RedrivePlan(letter, start, why, (*found, *changed))


def _check_status(letter: Letter, changes: RedriveChanges) -> None:
    summary = letter.summary
    if summary.status.has_ended:
        raise RedriveRefused(f"the letter is {summary.status.value} already")
    if summary.status is LetterStatus.REDRIVING:
        raise RedriveRefused(f"it is redriven already, in the run {summary.redrive_id}")
    if letter.record.get("max_redrives") == 0:
        raise RedriveRefused("its queue allows no redrives (max_redrives: 0)")
    if summary.status is LetterStatus.POISON and not changes.despite_poison:
        raise RedriveRefused(
            f"the letter is poison: {summary.redrives} redrives have failed, and its queue allows no more "
            "(--poison redrives it all the same)"
        )


async def _plan_step(
    client: Client, redrive: Mapping[str, Any], changes: RedriveChanges
) -> tuple[RedriveStart, tuple[str, ...]]:
    values = StepValues.of(redrive)
    changed, told = patch_values(values.names, changes.patches)
    _check_hidden(redrive["hidden"], changes)
    data, request = values.put_back(changed)
    told_request = await tell_of_children(client, request)
    return _build_start(RedriveMode.STEP, redrive, data, told_request, None), told


async def _plan_run(
    client: Client, letter: Letter, redrive: Mapping[str, Any], changes: RedriveChanges
) -> tuple[RedriveStart, tuple[str, ...]]:
    end, workflow_id = letter.run_end, letter.record["workflow_id"]
    assert end is not None
    changed, told = patch_values({"input": end.input}, changes.patches)
    _check_hidden(end.hidden, changes)
    request = {name: value for name, value in redrive["request"].items() if name != "only"}
    before = await find_predecessor(client, workflow_id, *decode_definition(request["definition"]))
    undone = dict(before.undone) or _add(request.get("undone", {}), end.undone)
    known = Predecessor.from_json(request)
    generation = max(before.generation, known.generation)
    before = replace(
        before,
        generation=generation,
        least_generation=max(before.least_generation, known.least_generation),
        undone=undone,
        started_with=before.started_with or generation,
    )
    request = replace_predecessor(request, before)
    start = _build_start(RedriveMode.RUN, redrive, changed["input"], request, workflow_id)
    return replace(start, timeouts=_find_timeouts(redrive)), told


def _build_start(
    mode: RedriveMode,
    redrive: Mapping[str, Any],
    data: Any,
    request: Mapping[str, Any],
    workflow_id: str | None,
) -> RedriveStart:
    return RedriveStart(
        mode, redrive["workflow_type"], redrive["task_queue"], (data, request), redrive["memo"], workflow_id
    )


def _find_timeouts(redrive: Mapping[str, Any]) -> dict[str, timedelta]:
    """Find how long the definition gives to a whole run."""
    timeouts = compile_program(*decode_definition(redrive["request"]["definition"])).definition.timeouts
    limits = {"execution": timeouts.execution, "run": timeouts.run, "task": timeouts.task}
    return {name: limit for name, limit in limits.items() if limit is not None}


def _check_hidden(hidden: Any, changes: RedriveChanges) -> None:
    missing = [label for label in hidden if not any(each.covers(label) for each in changes.patches)]
    if missing:
        options = " ".join(f"--set {label}=VALUE" for label in missing)
        raise RedriveRefused(f"a letter does not keep what must not be seen; give it with {options}")


def _add(counts: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    paths = dict.fromkeys((*counts, *more))
    return {path: counts.get(path, 0) + more.get(path, 0) for path in paths}
