"""A compensation undoes a step. There is one class for each action, and `COMPENSATION_KINDS` is the whole set."""

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
        "After which outcome the step is compensated: only when it has `completed`; also when its outcome is "
        "`unknown` (after a timeout, a cancellation or the loss of a worker); or whenever it was `attempted`.",
        example="unknown",
        default="unknown",
    )


class ActivityCompensation(CompensationCommon, ActivityAction):
    """Undo a step by one activity. Its retry policy is `retry`, or else `saga.retry`, or else Temporal's default."""

    noun = "a compensation by an activity"
    kind = "activity"


class HttpCompensation(CompensationCommon, HttpAction):
    """Undo a step by one HTTP request."""

    noun = "a compensation by http"
    kind = "http"


class ChildWorkflowCompensation(CompensationCommon, ChildWorkflowAction):
    """Undo a step by a child workflow. Without `retry` it runs once, because its steps have retries of their own."""

    noun = "a compensation by child_workflow"
    kind = "child_workflow"


class BlockCompensation(CompensationCommon):
    """Undo a step by several steps."""

    noun = "a compensation by steps"
    kind = "steps"

    steps: Many[Step] = key("The steps that undo, in order.", example=[{"activity": "undo"}], min_length=1)
    retry: Maybe[RetryRef] = key(
        "How often the steps are run again after a failure. Without it they run once, because each step has retries "
        "of its own.",
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
        "What undoes this step when the run fails or is cancelled later. Once a block has completed, its "
        "compensation takes the place of the compensations inside it.",
        example={"activity": "undo_book_car", "args": ["${ result ?? step.key }"]},
        default=None,
    )
    pivot: bool = key(
        "Whether this step is the pivot. Once the pivot has completed, nothing that the run has done is undone any "
        "more.",
        example=True,
        default=False,
    )
