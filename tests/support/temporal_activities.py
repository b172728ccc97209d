"""Between the activities of the fake and those of Temporal. No other module of tests knows both.

- Scripted activities are plain functions, and become activities of a real worker.
- The shipped demo activities are Temporal's, and become plain functions of the fake.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from definitions import activities as demo
from interpreter.temporal.wire.activity_header import ActivityHeader
from interpreter.temporal.wire.current_header import use_header
from interpreter.temporal.worker.activities import get_activity_name, load_activities
from tests.support.fake_attempt import ActivityFailed, current_attempt, send_heartbeat
from tests.support.script import Script

Function = Callable[..., Any]


def build_scripted_activities(script: Script) -> list[Function]:
    """Make what a script says into activities for a real worker."""
    script.heartbeat = activity.heartbeat
    return [_register(name, function) for name, function in script.activities().items()]


def load_demo_activities() -> list[Function]:
    """Load the shipped demo activities, for a real worker."""
    return list(load_activities([demo.__name__]))


def build_fake_demo_activities() -> dict[str, Function]:
    """Make the shipped demo activities into functions for the fake, by their names."""
    return {get_activity_name(each) or "": _run_in_environment(each) for each in load_demo_activities()}


def _register(name: str, function: Function) -> Function:
    """Let Temporal know a plain function, and report an error of the fake as one of Temporal."""

    @activity.defn(name=name)
    async def registered(*args: Any) -> Any:
        try:
            return await function(*args)
        except ActivityFailed as failed:
            details = () if failed.details is None else (failed.details,)
            raise ApplicationError(
                failed.message,
                *details,
                type=failed.type,
                non_retryable=failed.non_retryable,
                next_retry_delay=failed.retry_after,
            ) from None

    return registered


def _run_in_environment(function: Function) -> Function:
    """Give an activity what it asks Temporal for, and report an error of Temporal as one of the fake."""

    @functools.wraps(function)
    async def plain(*args: Any) -> Any:
        attempt = current_attempt()
        environment = ActivityEnvironment()
        environment.on_heartbeat = send_heartbeat
        environment.info = replace(
            environment.info,
            activity_id=attempt.call.id,
            activity_type=attempt.call.name,
            attempt=attempt.number,
            task_queue=attempt.task_queue,
            workflow_id=attempt.workflow_id,
        )
        try:
            with use_header(ActivityHeader(attempt.call.key)):
                result: Any = environment.run(function, *args)
                return await result if inspect.isawaitable(result) else result
        except ApplicationError as error:
            raise _translate(error) from error

    return plain


def _translate(error: ApplicationError) -> ActivityFailed:
    details = tuple(error.details)
    return ActivityFailed(
        error.message,
        error.type or "ApplicationError",
        details=details[0] if len(details) == 1 else (list(details) or None),
        non_retryable=error.non_retryable,
        retry_after=error.next_retry_delay,
    )
