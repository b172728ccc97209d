"""A registered workflow type that is none of ours: what it does is scripted as for activities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ActivityError


@workflow.defn(dynamic=True, sandboxed=False)
class ScriptedWorkflow:
    """Whatever its type, it runs the activity of the same name once, and ends as that ends."""

    @workflow.run
    async def run(self, args: Sequence[RawValue]) -> Any:
        try:
            return await workflow.execute_activity(
                workflow.info().workflow_type,
                args=list(args),
                start_to_close_timeout=timedelta(hours=1),
                heartbeat_timeout=timedelta(seconds=5),
                retry_policy=RetryPolicy(maximum_attempts=1),
                cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            )
        except ActivityError as error:
            raise error.cause or error from None
