"""Blocks are steps that are made of steps."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from dsl.model.any_step import Step
from dsl.model.common import DeadlineStep
from dsl.model.compensations import Undoable
from dsl.model.model import Model, key
from dsl.model.policies import RetryRef
from dsl.model.values import Condition, Identifier, Many, Maybe, Result


class BlockStep(Undoable, DeadlineStep):
    """Run steps in order, as one scope."""

    noun = "a steps block"
    kind = "steps"

    steps: Many[Step] = key("The steps, in order.", example=[{"activity": "book_car"}], min_length=1)
    result: Maybe[Result] = key(
        "What the block yields instead of its last step's result.",
        example="steps.book_car.result",
        default=None,
    )
    retry: Maybe[RetryRef] = key(
        "How often the block is run again after a failure. What it has done is undone before it is run again.",
        example={"maximum_attempts": 3},
        default=None,
    )


AT_LEAST_ONE = Field(min_length=1)

BranchFailure = Literal["cancel", "settle"]


class ParallelStep(Undoable, DeadlineStep):
    """Run branches at the same time."""

    noun = "a parallel block"
    kind = "parallel"

    parallel: dict[Identifier, Annotated[Many[Step], AT_LEAST_ONE]] = key(
        "The branches by name, each a list of steps. The result is a map of the branches' results.",
        example={"car": [{"activity": "book_car"}], "hotel": [{"activity": "book_hotel"}]},
        min_length=1,
    )
    on_branch_failure: BranchFailure = key(
        "What happens when a branch fails: `cancel` stops the other branches, `settle` lets them run to their end. "
        "Either way the block fails only after all branches have ended.",
        example="settle",
        default="cancel",
    )
    result: Maybe[Result] = key(
        "What the block yields instead of the map of results.",
        example="steps.book_car.result",
        default=None,
    )


class RaceStep(Undoable, DeadlineStep):
    """Run branches at the same time; the first that completes wins."""

    noun = "a race"
    kind = "race"

    race: dict[Identifier, Annotated[Many[Step], AT_LEAST_ONE]] = key(
        "The branches by name, each a list of steps. The first that completes wins. The others are cancelled, and "
        "what they have done is undone. The result is `{winner, result}`.",
        example={"answer": [{"wait_for": {"signal": "approved"}}], "late": [{"wait": "1d"}]},
        min_length=1,
    )
    result: Maybe[Result] = key(
        "What the race yields instead of `{winner, result}`.",
        example="steps.ask.result ?? 'nobody'",
        default=None,
    )


class Case(Model):
    """Run these steps when the condition is true."""

    noun = "a case"

    when: Condition = key(
        "Expression. The first case for which it is true is run.", example="input.amount > 1000"
    )
    steps: Many[Step] = key("The steps of the case.", example=[{"activity": "ask_manager"}], min_length=1)


class DefaultCase(Model):
    """Run these steps when no case is true."""

    noun = "the default case"

    default: Many[Step] = key(
        "The steps that run when no case is true. The default must stand last.",
        example=[{"activity": "book"}],
        min_length=1,
    )


def _form_of_case(data: Any) -> str:
    return "kind:default" if isinstance(data, dict) and "default" in data else "kind:case"


AnyCase = Annotated[
    Annotated[Case, Tag("kind:case")] | Annotated[DefaultCase, Tag("kind:default")],
    Discriminator(_form_of_case),
]


class SwitchStep(Undoable, DeadlineStep):
    """Run one of several lists of steps."""

    noun = "a switch"
    kind = "switch"

    switch: Many[AnyCase] = key(
        "The cases in order; a default stands at the end. The result is the result of the case that was run, or "
        "null if no case was run.",
        example=[
            {"when": "input.vip", "steps": [{"activity": "greet"}]},
            {"default": [{"activity": "queue_up"}]},
        ],
        min_length=1,
    )
    result: Maybe[Result] = key(
        "What the switch yields instead of the result of its case.", example="vars.price", default=None
    )
