"""Calls of the activity that keeps the letters of a queue."""

from __future__ import annotations

from typing import Any

from dsl.expressions import Template
from interpreter.effects import ActivityCall, Cancellation
from interpreter.program.model import DeadLetterSink
from interpreter.state.keys import next_activity_id
from interpreter.state.run import Run


def build_queue_call(
    run: Run, queue: DeadLetterSink, place: str, argument: dict[str, Any], *, key: str, summary: str
) -> ActivityCall:
    """Build a call of the activity of a queue.

    Args:
        run: The run.
        queue: A queue with an activity.
        place: What the id of the activity begins with.
        argument: The only argument.
        key: The idempotency key of the call.
        summary: What people see of it.
    """
    assert queue.activity is not None
    assert queue.plan is not None
    assert not isinstance(queue.plan.task_queue, Template)  # dsl.model.dead_letters
    return ActivityCall(
        id=next_activity_id(run, place),
        key=key,
        name=queue.activity,
        args=(argument,),
        summary=summary,
        task_queue=queue.plan.task_queue,
        timeouts=queue.plan.timeouts,
        retry=queue.plan.retry,
        cancellation=Cancellation.WAIT,
    )
