"""A dead letter is a failure that nobody has caught. A queue keeps it until someone acts on it."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag

from dsl.model.alerts import Alert
from dsl.model.model import Model, key
from dsl.model.policies import ActivityTimeouts, RetryRef
from dsl.model.values import Maybe, Name, Redrives, Word

DATABASE_ACTIVITY = "stepfile.write_letter_to_database"
"""The activity that comes with Stepfile, and keeps letters in the letters database of a project. The name is part of
histories: never change it."""

DATABASE_TELL_ACTIVITY = "stepfile.tell_letters_in_database"
"""The activity that tells such letters what has become of their effects since. Never change it, either."""


class DeadLetterQueue(Model):
    """Keep dead letters in Temporal itself, or by an activity, for example in a database, in SQS or in a file."""

    noun = "a dead-letter queue"

    activity: Maybe[Word] = key(
        "The activity that keeps the records. Its only argument is a record, and it may be called twice with the "
        "same one. `stepfile.write_letter_to_database` keeps them in the letters database of the project. Without an "
        "activity the queue is the built-in one: Temporal itself keeps the letters.",
        example="write_to_dlq",
        default=None,
    )
    task_queue: Maybe[Word] = key(
        "Task queue of the worker that runs the activity.", example="ops", default=None
    )
    timeouts: Maybe[ActivityTimeouts] = key(
        "Timeouts of the activity. Each key replaces the same key of `defaults.timeouts`; the other keys of the "
        "defaults stay. Under those of `stepfile.write_letter_to_database` lies `{start_to_close: 30s}` instead.",
        example={"start_to_close": "30s"},
        default=None,
    )
    retry: Maybe[RetryRef] = key(
        "Retry policy of the activity. Without it the activity is tried until it succeeds.",
        example={"maximum_interval": "1m"},
        default=None,
    )
    on_dead_letter: Maybe[Alert] = key(
        "The activity that is told of each letter, when the queue has kept it.",
        example={"activity": "page_somebody"},
        default=None,
    )
    max_redrives: Redrives = key(
        "After so many redrives in vain a letter is poison: it is kept, and not redriven any more. For the built-in "
        "queue and the letters database.",
        example=5,
        default=3,
    )


class DeadLetter(Model):
    """Say which queue keeps a step's failure, and how the run goes on."""

    noun = '"dead_letter"'

    queue: Name = key("The name of a queue in `dead_letter_queues`.", example="orders")
    then: Literal["fail", "continue"] = key(
        "What happens after the error was kept. `fail` passes the error on; `continue` goes on with the next step, "
        "and the result of this step is null.",
        example="continue",
        default="fail",
    )


def _form(data: Any) -> str:
    return "kind:queue name" if isinstance(data, str) else "kind:queue"


DeadLetterRef = Annotated[
    Annotated[Name, Tag("kind:queue name")] | Annotated[DeadLetter, Tag("kind:queue")], Discriminator(_form)
]
"""The name of a queue, or its name and how the run goes on."""
