"""A definition has these keys at its top level."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag

from dsl.model.alerts import Alert
from dsl.model.breakers import CircuitBreaker, CircuitBreakerRef
from dsl.model.dead_letters import DeadLetterQueue, DeadLetterRef
from dsl.model.messages import SignalDeclaration, UpdateDeclaration
from dsl.model.model import Model, key
from dsl.model.policies import ActivityTimeouts, RetryPolicy, RetryRef, WorkflowTimeouts
from dsl.model.priority import Priority
from dsl.model.steps import Step
from dsl.model.values import (
    DefinitionName,
    FilePath,
    Identifier,
    JsonSchema,
    Many,
    Maybe,
    Name,
    Result,
    Title,
    Value,
    Word,
)


class Defaults(Model):
    """Set options for the activity steps that do not set them themselves."""

    noun = '"defaults"'

    timeouts: Maybe[ActivityTimeouts] = key(
        "Timeouts of every activity step.", example={"start_to_close": "30s"}, default=None
    )
    retry: Maybe[RetryRef] = key(
        "Retry policy of every activity step.", example={"maximum_attempts": 3}, default=None
    )
    task_queue: Maybe[Word] = key("Task queue of every activity step.", example="payments", default=None)
    circuit_breaker: Maybe[CircuitBreakerRef] = key(
        "Circuit breaker of every activity step.", example="payments", default=None
    )
    dead_letter: Maybe[DeadLetterRef] = key(
        "Dead-letter queue of every activity step.", example="orders", default=None
    )


class Saga(Model):
    """Set how completed steps are undone."""

    noun = '"saga"'

    parallel: bool = key(
        "Whether all steps are undone at the same time, instead of one after the other in reverse order.",
        example=False,
        default=False,
    )
    continue_on_error: bool = key(
        "Whether the other compensations go on after one has failed.", example=True, default=True
    )
    on_cancel: Literal["compensate", "ignore"] = key(
        "Whether a cancelled run undoes what it has done.", example="compensate", default="compensate"
    )
    retry: Maybe[RetryRef] = key(
        "Retry policy of the compensations that have none of their own. Without it they are tried until they "
        "succeed.",
        example={"maximum_interval": "1m"},
        default=None,
    )
    dead_letter: Maybe[Name] = key(
        "The queue in `dead_letter_queues` that keeps the error of each compensation that has failed.",
        example="orders",
        default=None,
    )
    on_not_undone: Maybe[Alert] = key(
        "The activity that is told when steps were to be undone and could not be: because a compensation has failed, "
        "because somebody has skipped it, or because a child has left something that nothing undoes.",
        example={"activity": "page_somebody"},
        default=None,
    )


class OnFailure(Model):
    """Run steps, or yield a result, after a run has failed."""

    noun = '"on_failure"'

    steps: Many[Step] = key(
        "Steps that run after the compensations.",
        example=[{"activity": "notify", "args": ["${ error.message }"]}],
        default=(),
    )
    result: Maybe[Result] = key(
        "If it is given, the run completes with this value as its result. Without it the run stays failed.",
        example={"success": False, "error": "${ error.message }"},
        default=None,
    )


class BundledDefinition(Model):
    """Define a workflow inside the bundle of another definition."""

    noun = "a definition of a bundle"

    dsl: Maybe[Literal["1"]] = key("Version of the language.", example="1", default=None)
    name: Maybe[DefinitionName] = key("Name of the workflow.", example="trip-booking", default=None)
    version: Maybe[Title] = key("Version of this definition, for people.", example="1.0.0", default=None)
    description: Maybe[str] = key(
        "What the workflow is for.", example="Book a trip, or nothing at all.", default=None
    )
    input: Maybe[JsonSchema] = key(
        "JSON Schema (2020-12) of the input. The input is checked when a run is submitted, and again when the run "
        "starts.",
        example={"type": "object", "required": ["car_id"], "properties": {"car_id": {"type": "string"}}},
        default=None,
    )
    defaults: Defaults = key(
        "Options of all activity steps that do not set them themselves.",
        example={"timeouts": {"start_to_close": "30s"}},
        default=Defaults.model_construct(),
    )
    retry_policies: dict[Identifier, RetryPolicy] = key(
        "Retry policies by name.", example={"stubborn": {"maximum_attempts": 10}}, default={}
    )
    circuit_breakers: dict[Name, CircuitBreaker] = key(
        "Circuit breakers by name.",
        example={
            "payments": {"scope": "workflow", "failure_threshold": 5, "wait_duration_in_open_state": "60s"}
        },
        default={},
    )
    dead_letter_queues: dict[Name, DeadLetterQueue] = key(
        "Dead-letter queues by name.", example={"orders": {"activity": "write_to_dlq"}}, default={}
    )
    vars: dict[Identifier, Value] = key(
        "The variables and their initial values; `set` changes them.", example={"total": 0}, default={}
    )
    signals: dict[Word, SignalDeclaration] = key(
        "The signals that a run accepts, by name. Steps wait for them with `wait_for`.",
        example={"approved": {}},
        default={},
    )
    updates: dict[Word, UpdateDeclaration] = key(
        "The updates that a run accepts, by name. An update is a message with an answer.",
        example={"add_item": {"set": {"items": "${ vars.items + [payload] }"}, "result": "vars.items"}},
        default={},
    )
    queries: dict[Word, Result] = key(
        "The queries that a run answers, by name. The answer is the value of the expression.",
        example={"total": "vars.total"},
        default={},
    )
    timeouts: WorkflowTimeouts = key(
        "Timeouts of the whole run.", example={"deadline": "1h"}, default=WorkflowTimeouts.model_construct()
    )
    retry: Maybe[RetryRef] = key(
        "Retry policy of the whole workflow. It never retries a definite failure, which another attempt would not "
        "change.",
        example={"maximum_attempts": 2},
        default=None,
    )
    priority: Maybe[Priority] = key(
        "Which of the waiting tasks of a task queue its workers get first, for the tasks of a run and of its "
        "activities. It is computed when a run is started, from the input alone, and the one who starts a run can "
        "say otherwise.",
        example={"fairness_key": "${ input.tenant }"},
        default=None,
    )
    versioning: Literal["auto_upgrade", "pinned"] = key(
        "Which workers carry out a run, where workers have versions (Temporal's Worker Deployments). "
        "`auto_upgrade` moves a run to the current version with its next task. `pinned` keeps it on the version that "
        "has begun it, until it ends or continues as new. Elsewhere this changes nothing.",
        example="pinned",
        default="auto_upgrade",
    )
    saga: Saga = key(
        "How completed steps are undone.", example={"parallel": True}, default=Saga.model_construct()
    )
    steps: Many[Step] = key("The steps, in order.", example=[{"activity": "book_car"}], min_length=1)
    finally_: Many[Step] = key(
        "Steps that run last of all, however the run ends; a cancellation can't interrupt them. They see "
        "`run.status`, `run.error` and `run.compensations`, and can't change how the run ends.",
        example=[{"activity": "release_lock"}],
        default=(),
        min_length=1,
        alias="finally",
    )
    on_failure: Maybe[OnFailure] = key(
        "What happens after a run has failed and what it had done was undone.",
        example={"result": {"success": False, "error": "${ error.message }"}},
        default=None,
    )
    output: Maybe[Value] = key(
        "Result of the run. Without it, the result is that of the last step.",
        example={"car": "${ steps.book_car.result }"},
        default=None,
    )


def _form_of_member(data: Any) -> str:
    return "kind:file" if isinstance(data, str) else "kind:definition"


BundledDefinitionRef = Annotated[
    Annotated[FilePath, Tag("kind:file")] | Annotated[BundledDefinition, Tag("kind:definition")],
    Discriminator(_form_of_member),
]
"""A definition, or the path of its file."""


class Definition(BundledDefinition):
    """Define a workflow, in one YAML file."""

    noun = "a definition"

    # Both must be written here. A narrower type is safe because nobody can assign to a key: models are frozen.
    dsl: Literal["1"] = key("Version of the language.", example="1")  # pyright: ignore[reportIncompatibleVariableOverride]
    name: DefinitionName = key("Name of the workflow.", example="trip-booking")  # pyright: ignore[reportIncompatibleVariableOverride]
    definitions: dict[Name, BundledDefinitionRef] = key(
        "The other definitions of the bundle by name, for `child_workflow`. Each is written here, or is the path of "
        "its file, relative to this file. All definitions of the bundle can use these names.",
        example={"ship-order": "ship-order.yaml"},
        default={},
    )
