"""An alert tells somebody what a run can't mend by itself: it calls an activity, such as a pager or a chat."""

from dsl.model.model import Model, key
from dsl.model.policies import ActivityTimeouts, RetryRef
from dsl.model.values import Maybe, Word


class Alert(Model):
    """Call an activity that tells somebody."""

    noun = "an alert"

    activity: Word = key(
        "The activity that tells somebody. Its only argument is a record, and it may be called twice with the same "
        "one. The run goes on meanwhile, and only its end waits for the activity.",
        example="page_somebody",
    )
    task_queue: Maybe[Word] = key(
        "Task queue of the worker that runs the activity.", example="ops", default=None
    )
    timeouts: Maybe[ActivityTimeouts] = key(
        "Timeouts of the activity. Each key replaces the same key of `defaults.timeouts`; the other keys of the "
        "defaults stay.",
        example={"start_to_close": "30s"},
        default=None,
    )
    retry: Maybe[RetryRef] = key(
        "Retry policy of the activity. Without `maximum_attempts` there are 10 attempts, which with Temporal's other "
        "defaults last for about five minutes. If the last one fails, that is reported with the run.",
        example={"maximum_attempts": 20},
        default=None,
    )
