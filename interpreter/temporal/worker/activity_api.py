"""What a definition gives an activity beside its arguments."""

from __future__ import annotations

from typing import TypeVar

from temporalio import activity

from interpreter.temporal.wire.current_header import current_header
from interpreter.temporal.wire.default_key import build_default_key

T = TypeVar("T")


def idempotency_key() -> str:
    """The key of the effect that this activity is to have: `step.key` in expressions.

    It is the same in every attempt and in the compensation, so a service that is given it can tell a repetition
    from a new request. In a compensation it is the key of what is undone.

    A run sends it only where the ids of workflow and activity give another one. On a worker without Stepfile's
    interceptor it is always made of these. For most steps that is the same, not for a compensation: give that
    `${ step.key }` as an argument.

    Raises:
        RuntimeError: this is no activity.
    """
    instructions = current_header()
    if instructions is not None:
        return instructions.key
    info = activity.info()
    assert info.workflow_id is not None, "a workflow has called it"
    return build_default_key(info.workflow_id, info.activity_id)


def last_heartbeat(default: T) -> T:
    """What the attempt before this one has sent with its last heartbeat; `default` in the first attempt.

        for page in range(last_heartbeat(0), pages):
            work(page)
            activity.heartbeat(page + 1)

    Only a heartbeat that was *sent* is remembered: the SDK sends at most one in 0.8 of the heartbeat timeout (30
    seconds if there is none). After a crash the last ones may be lost, and what they tell is done again.

    Args:
        default: Where to begin if there is nothing to resume; the details must be of the same type.

    Raises:
        RuntimeError: this is no activity.
    """
    details = activity.info().heartbeat_details
    return details[0] if details else default
