"""Steps and compensations call activities."""

from typing import ClassVar

from dsl.model.http import HttpRequest
from dsl.model.model import Model, key
from dsl.model.policies import ActivityTimeouts, RetryRef
from dsl.model.priority import Priority
from dsl.model.values import Maybe, TaskQueue, Title, Value, Word


class Call(Model):
    """A call says how an activity is called. The activity may be built in."""

    noun = "a call of an activity"
    kind: ClassVar[str]
    """The key that makes it a call."""

    task_queue: Maybe[TaskQueue] = key(
        "Task queue of the worker that runs the activity, or an expression that yields its name. Without it, the "
        "activity runs on the task queue of the workflow.",
        example="payments",
        default=None,
    )
    priority: Maybe[Priority] = key(
        "Which of the waiting tasks of a task queue its workers get first. Keys that are left out are those of the "
        "run.",
        example={"key": 1},
        default=None,
    )
    summary: Maybe[Title] = key(
        "Text that Temporal's UI shows instead of the step's id.",
        example="Book the car",
        default=None,
    )
    timeouts: Maybe[ActivityTimeouts] = key(
        "Timeouts of the activity. Each key replaces the same key of `defaults.timeouts`; the other keys of the "
        "defaults stay.",
        example={"start_to_close": "30s"},
        default=None,
    )
    retry: Maybe[RetryRef] = key(
        "The name of a retry policy, or a retry policy. Each key replaces the same key of `defaults.retry`; the "
        "other keys of the defaults stay. Compensations do not use `defaults.retry`.",
        example={"maximum_attempts": 3},
        default=None,
    )


class ActivityAction(Call):
    """This action calls an activity of the user."""

    kind = "activity"

    activity: Word = key("Name of the activity, as its worker registered it.", example="book_car")
    args: Maybe[Value] = key(
        "The arguments. A list holds the positional arguments; any other value is the only argument.",
        example=["${ input.car_id }"],
        default=None,
    )


class HttpAction(Call):
    """This action calls the built-in activity that sends a request to an HTTP server."""

    kind = "http"

    http: HttpRequest = key(
        "The request. The result of the step is `{status, headers, body}`.",
        example={"method": "GET", "url": "https://api.example.com/stock/${ input.sku }"},
    )
