"""A compensation undoes a step. There is one class for each action, and `COMPENSATION_KINDS` is the whole set."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Tag

from dsl.model.any_step import Step
from dsl.model.calls import ActivityAction, HttpAction
from dsl.model.children import ChildWorkflowAction
from dsl.model.kinds import find_only_action
from dsl.model.model import Model, key
from dsl.model.policies import DeadlineTimeouts, RetryRef
from dsl.model.values import Many, Maybe

After = Literal["completed", "unknown", "attempted"]


class CompensationCommon(Model):
    """Every compensation has these keys beside its action."""

    noun = "a compensation"
    kind: ClassVar[str]

    after: After = key(
        "Compensate after which outcome of the step: `completed` only; also when it is `unknown` "
        "(timeout, cancel, lost worker); or whenever it was `attempted`.",
        example="unknown",
        default="unknown",
    )


class ActivityCompensation(CompensationCommon, ActivityAction):
    """Undo by one activity. Its retries are its own, or those of `saga.retry`, or Temporal's default."""

    noun = "a compensation by an activity"
    kind = "activity"


class HttpCompensation(CompensationCommon, HttpAction):
    """Undo by one HTTP request."""

    noun = "a compensation by http"
    kind = "http"


class ChildWorkflowCompensation(CompensationCommon, ChildWorkflowAction):
    """Undo by a child workflow. It runs once unless it has a `retry`, because its steps have their own."""

    noun = "a compensation by child_workflow"
    kind = "child_workflow"


class BlockCompensation(CompensationCommon):
    """Undo by several steps."""

    noun = "a compensation by steps"
    kind = "steps"

    steps: Many[Step] = key("The steps that undo, in order.", example=[{"activity": "undo"}], min_length=1)
    retry: Maybe[RetryRef] = key(
        "How often the steps are run again after a failure; without it once, for each step has retries of its own.",
        example={"maximum_attempts": 3},
        default=None,
    )
    timeouts: Maybe[DeadlineTimeouts] = key(
        "The deadline of the whole compensation.", example={"deadline": "10m"}, default=None
    )


COMPENSATION_KINDS: dict[str, type[CompensationCommon]] = {
    "activity": ActivityCompensation,
    "http": HttpCompensation,
    "child_workflow": ChildWorkflowCompensation,
    "steps": BlockCompensation,
}
"""The classes of compensations, by their action key."""


def _action(data: Any) -> str | None:
    return find_only_action(data, COMPENSATION_KINDS)


Compensation = Annotated[
    Annotated[ActivityCompensation, Tag("kind:activity")]
    | Annotated[HttpCompensation, Tag("kind:http")]
    | Annotated[ChildWorkflowCompensation, Tag("kind:child_workflow")]
    | Annotated[BlockCompensation, Tag("kind:steps")],
    Discriminator(_action),
]


class Undoable(Model):
    """Steps that change something in the world have these keys."""

    noun = "a step"

    compensate: Maybe[Compensation] = key(
        "What undoes this step when the run fails or is cancelled later. Of a block: once it has completed, in "
        "place of the compensations inside it.",
        example={"activity": "undo_book_car", "args": ["${ result ?? step.key }"]},
        default=None,
    )
    pivot: bool = key(
        "Once this step has completed, nothing of the run is undone any more.", example=True, default=False
    )
