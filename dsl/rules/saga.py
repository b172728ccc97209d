"""Compensations: where they can be honoured, and what they can rely on."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.defaults import activity_timeouts
from dsl.model import (
    ActivityCompensation,
    ActivityStep,
    BlockCompensation,
    BlockStep,
    Definition,
)
from dsl.problem import Problem
from dsl.source import Path
from dsl.walk import Placed, walk


def check_saga(definition: Definition) -> Iterator[Problem]:
    compensated = False
    for placed in walk(definition):
        step = placed.step
        if isinstance(step, ActivityCompensation | BlockCompensation):
            compensated = True
            yield from _compensation(placed)
        elif isinstance(step, ActivityStep | BlockStep) and step.compensate is not None:
            yield from _nested(placed)
            yield from _stoppable(definition, placed)
    if definition.saga.parallel and not definition.saga.continue_on_error:
        yield Problem(
            "no-effect",
            "continue_on_error has no effect: compensations that run at once all begin before one can fail",
            ("saga", "continue_on_error"),
            hint="remove it, or parallel",
            severity="warning",
            at="key",
        )
    if "saga" in definition.model_fields_set and not compensated:
        yield Problem(
            "unused-saga",
            '"saga" has no effect: no step has a compensation',
            ("saga",),
            hint='give the steps that must be undone a "compensate", or remove "saga"',
            severity="warning",
            at="key",
        )


def _compensation(placed: Placed) -> Iterator[Problem]:
    compensation = placed.step
    assert isinstance(compensation, ActivityCompensation | BlockCompensation)
    if isinstance(placed.undoes, BlockStep) and "after" in compensation.model_fields_set:
        yield Problem(
            "misplaced-key",
            '"after" has no meaning for a block',
            (*placed.path, "after"),
            hint="until the block has completed, the compensations inside it undo what was done",
            at="key",
        )


def _nested(placed: Placed) -> Iterator[Problem]:
    where = "a compensation" if placed.undoes is not None else "on_failure"
    if placed.undoes is not None or placed.path[0] == "on_failure":
        yield Problem(
            "misplaced-key",
            f"a step of {where} can't have a compensation: nothing is undone any more after it",
            (*placed.path, "compensate"),
            hint="let it retry until it succeeds",
            at="key",
        )


def _stoppable(definition: Definition, placed: Placed) -> Iterator[Problem]:
    """Before anything is undone a running step is asked to stop; only a heartbeat carries the request."""
    step = placed.step
    if not isinstance(step, ActivityStep):
        return
    timeouts = activity_timeouts(definition, step.timeouts)
    if timeouts.heartbeat is None and timeouts.start_to_close is None:
        yield Problem(
            "slow-to-cancel",
            "a cancelled run must wait for this step before it can undo it, and nothing makes it stop soon",
            _activity_key(placed.path),
            hint="give it timeouts.heartbeat (and heartbeats), or a short timeouts.start_to_close",
            severity="warning",
            at="key",
        )


def _activity_key(path: Path) -> Path:
    return (*path, "activity")
