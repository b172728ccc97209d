"""Retry policies and timeouts are described in Temporal's words."""

from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Tag

from dsl.model.model import Model, key
from dsl.model.values import Attempts, Coefficient, Identifier, Many, Maybe, PositiveDuration, Word

TEMPORAL_INITIAL_INTERVAL: Final = timedelta(seconds=1)
TEMPORAL_BACKOFF_COEFFICIENT: Final = 2.0
TEMPORAL_MAXIMUM_INTERVAL_FACTOR: Final = 100
"""Temporal's default `maximum_interval`, counted in initial intervals."""
TEMPORAL_WORKFLOW_TASK_TIMEOUT: Final = timedelta(seconds=10)


class RetryClause(Model):
    """Say what replaces parts of the policy after an error of one type."""

    noun = "a clause of by_error"

    delay: Maybe[PositiveDuration] = key(
        "Wait before the next attempt. It is always this long, without interval, backoff or jitter.",
        example="30s",
        default=None,
    )
    initial_interval: Maybe[PositiveDuration] = key(
        "Replaces the `initial_interval` of the policy.", example="5s", default=None
    )
    backoff_coefficient: Maybe[Coefficient] = key(
        "Replaces the `backoff_coefficient` of the policy.", example=1.0, default=None
    )
    maximum_interval: Maybe[PositiveDuration] = key(
        "Replaces the `maximum_interval` of the policy.", example="1m", default=None
    )
    maximum_attempts: Maybe[Attempts] = key(
        "An error of this type is final if it ends this attempt or a later one. 0 means no limit.",
        example=2,
        default=None,
    )


class RetryPolicy(Model):
    """Say how often and how fast a failed attempt is repeated. A key that is left out has Temporal's default."""

    noun = "a retry policy"

    initial_interval: Maybe[PositiveDuration] = key(
        "Wait before the second attempt. Temporal's default: 1s.", example="1s", default=None
    )
    backoff_coefficient: Maybe[Coefficient] = key(
        "Factor by which each wait is longer than the one before. Temporal's default: 2.0.",
        example=2.0,
        default=None,
    )
    maximum_interval: Maybe[PositiveDuration] = key(
        "Longest wait between two attempts. Temporal's default: 100 times the initial interval.",
        example="1m",
        default=None,
    )
    maximum_attempts: Maybe[Attempts] = key(
        "Number of attempts in all, the first one included. 0 means no limit, which is Temporal's default.",
        example=3,
        default=None,
    )
    non_retryable_error_types: Maybe[Many[Word]] = key(
        "Error types after which there is no further attempt. They are compared letter by letter, without "
        "inheritance and module path.",
        example=["ValidationError"],
        default=None,
    )
    jitter: Literal["none", "full"] = key(
        "`full` waits a random part of each interval, so that many runs do not try again at the same moment.",
        example="full",
        default="none",
    )
    by_error: dict[Word, RetryClause] = key(
        "Error types, and what replaces parts of the policy after an error of each type. `Any` stands for all types "
        "that are not named.",
        example={"RateLimited": {"delay": "30s", "maximum_attempts": 10}},
        default={},
    )


def _form_of_retry(data: Any) -> str:
    return "kind:policy name" if isinstance(data, str) else "kind:policy"


RetryRef = Annotated[
    Annotated[Identifier, Tag("kind:policy name")] | Annotated[RetryPolicy, Tag("kind:policy")],
    Discriminator(_form_of_retry),
]
"""The name of a policy in `retry_policies`, or a policy."""


class DeadlineTimeouts(Model):
    """Limit the time of a step that is not an activity."""

    noun = "the timeouts of a step that is not an activity"

    deadline: Maybe[PositiveDuration] = key(
        "Longest time of the whole step, or at the top level of the whole run, with the retries inside. A timer in "
        "the workflow measures it. When it fires, what runs inside is cancelled, and when that has stopped, the "
        "step or the run fails with `DeadlineExceeded`.",
        example="10m",
        default=None,
    )


class ActivityTimeouts(DeadlineTimeouts):
    """Set Temporal's four timeouts of an activity, and a deadline."""

    noun = "the timeouts of an activity"

    start_to_close: Maybe[PositiveDuration] = key(
        "Longest time of one attempt. A worker that dies is noticed after this time.",
        example="30s",
        default=None,
    )
    schedule_to_close: Maybe[PositiveDuration] = key(
        "Longest time of all attempts together, waits included.", example="5m", default=None
    )
    schedule_to_start: Maybe[PositiveDuration] = key(
        "Longest time in the task queue before a worker takes the task. After this timeout there is no further "
        "attempt.",
        example="1m",
        default=None,
    )
    heartbeat: Maybe[PositiveDuration] = key(
        "Longest time between two heartbeats of the activity.", example="10s", default=None
    )


class WorkflowTimeouts(DeadlineTimeouts):
    """Set Temporal's three timeouts of a workflow, and a deadline inside it."""

    noun = "the timeouts of a workflow"

    execution: Maybe[PositiveDuration] = key(
        "Longest time of the workflow with all its retries. After that the server ends it without compensation.",
        example="1d",
        default=None,
    )
    run: Maybe[PositiveDuration] = key(
        "Longest time of one run. After that the server ends the run without compensation, so prefer `deadline`.",
        example="1h",
        default=None,
    )
    task: Maybe[PositiveDuration] = key(
        "Longest time of one workflow task on a worker. Temporal's default: 10s.", example="10s", default=None
    )
