"""All kinds of steps come together here. `STEP_KINDS` is the whole set."""

from typing import Annotated, Any, TypeAlias

from pydantic import Discriminator, Tag

from dsl.model.any_step import ANY_STEP
from dsl.model.blocks import BlockStep, ParallelStep, RaceStep, SwitchStep
from dsl.model.common import Common
from dsl.model.kinds import find_only_action
from dsl.model.loops import ForEachStep, RepeatStep
from dsl.model.messages import SignalStep, WaitForStep
from dsl.model.plain import RaiseStep, ReturnStep, SetStep, WaitStep, WaitUntilStep
from dsl.model.services import ActivityStep, ChildWorkflowStep, HttpStep

STEP_KINDS: dict[str, type[Common]] = {
    "activity": ActivityStep,
    "http": HttpStep,
    "child_workflow": ChildWorkflowStep,
    "parallel": ParallelStep,
    "race": RaceStep,
    "for_each": ForEachStep,
    "repeat": RepeatStep,
    "switch": SwitchStep,
    "steps": BlockStep,
    "wait": WaitStep,
    "wait_until": WaitUntilStep,
    "wait_for": WaitForStep,
    "signal": SignalStep,
    "set": SetStep,
    "raise": RaiseStep,
    "return": ReturnStep,
}
"""The classes of steps, by their action key."""


def _action(data: Any) -> str | None:
    return find_only_action(data, STEP_KINDS)


Step = Annotated[
    Annotated[ActivityStep, Tag("kind:activity")]
    | Annotated[HttpStep, Tag("kind:http")]
    | Annotated[ChildWorkflowStep, Tag("kind:child_workflow")]
    | Annotated[ParallelStep, Tag("kind:parallel")]
    | Annotated[RaceStep, Tag("kind:race")]
    | Annotated[ForEachStep, Tag("kind:for_each")]
    | Annotated[RepeatStep, Tag("kind:repeat")]
    | Annotated[SwitchStep, Tag("kind:switch")]
    | Annotated[BlockStep, Tag("kind:steps")]
    | Annotated[WaitStep, Tag("kind:wait")]
    | Annotated[WaitUntilStep, Tag("kind:wait_until")]
    | Annotated[WaitForStep, Tag("kind:wait_for")]
    | Annotated[SignalStep, Tag("kind:signal")]
    | Annotated[SetStep, Tag("kind:set")]
    | Annotated[RaiseStep, Tag("kind:raise")]
    | Annotated[ReturnStep, Tag("kind:return")],
    Discriminator(_action),
]
"""A step of any kind. The action key chooses the class, so a mistake inside is reported against that one class."""

ANY_STEP.stand_for("Step", Step)

Block: TypeAlias = BlockStep | ParallelStep | RaceStep | ForEachStep | RepeatStep | SwitchStep
BLOCKS = (BlockStep, ParallelStep, RaceStep, ForEachStep, RepeatStep, SwitchStep)
"""The kinds that are made of steps."""
LEAVES = (
    ActivityStep,
    HttpStep,
    ChildWorkflowStep,
    WaitStep,
    WaitUntilStep,
    WaitForStep,
    SignalStep,
    SetStep,
    RaiseStep,
    ReturnStep,
)
"""The kinds that are not made of steps. A kind in neither list fails the type check of `list_bodies`."""
