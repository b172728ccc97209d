"""Every step has these keys, whatever it does."""

from typing import ClassVar

from dsl.model.any_step import Step
from dsl.model.dead_letters import DeadLetterRef
from dsl.model.model import Model, key
from dsl.model.policies import DeadlineTimeouts
from dsl.model.values import Condition, Identifier, Many, Maybe, Result, Word


class CatchClause(Model):
    """Handle a failure, instead of passing it on."""

    noun = "a catch clause"

    errors: Many[Word] = key(
        "Error types that the clause catches; `Any` catches all of them. A cancellation is never caught.",
        example=["CardDeclined", "Timeout"],
        default=("Any",),
        min_length=1,
    )
    when: Maybe[Condition] = key(
        "Expression. If it is false, the clause does not catch the error.",
        example="error.details.code == 402",
        default=None,
    )
    as_: Identifier = key(
        "Name by which the clause reads the error.", example="declined", default="error", alias="as"
    )
    compensate: bool = key(
        "Whether the clause first undoes what the failed step and the steps inside it have done.",
        example=True,
        default=False,
    )
    steps: Many[Step] = key(
        "The steps that run when the clause has caught an error.",
        example=[{"activity": "notify"}],
        default=(),
        min_length=1,
    )
    result: Maybe[Result] = key(
        "The result of the failed step. Without it, the result is that of the last step of the clause.",
        example={"paid": False},
        default=None,
    )


class Common(Model):
    """Every step has these keys."""

    noun = "a step"
    kind: ClassVar[str]
    """The action key."""

    id: Maybe[Identifier] = key(
        "Name of the step, unique in the definition. Expressions read the step as `steps.<id>`, and Temporal's UI "
        "shows the name.",
        example="book_car",
        default=None,
    )
    when: Maybe[Condition] = key(
        "Expression. If it is false, the step is skipped.", example="input.vip", default=None
    )
    description: Maybe[str] = key("A note for the reader.", example="Reserve before charging.", default=None)
    catch: Many[CatchClause] = key(
        "What happens when the step has failed. The first clause that matches the error handles it.",
        example=[{"errors": ["CardDeclined"], "result": {"paid": False}}],
        default=(),
        min_length=1,
    )
    finally_: Many[Step] = key(
        "Steps that run after this step, however it ended. A cancellation can't interrupt them.",
        example=[{"activity": "release_lock"}],
        default=(),
        min_length=1,
        alias="finally",
    )
    dead_letter: Maybe[DeadLetterRef] = key(
        "The queue that keeps an error which no clause of `catch` has caught.",
        example={"queue": "orders", "then": "continue"},
        default=None,
    )


class DeadlineStep(Common):
    """Such a step calls no activity. Of all timeouts it has only the deadline."""

    timeouts: Maybe[DeadlineTimeouts] = key(
        "The deadline of the step, all its retries included.", example={"deadline": "10m"}, default=None
    )
