"""Workflow types that are not Stepfile's are scripted in the same way as activities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ActivityError


def build_scripted_workflows(types: Iterable[str]) -> list[type]:
    """Make a class for each type, which runs the activity of the same name once, and ends as the activity ends."""
    return [_build(name) for name in types]


async def _run(self: object, *args: Any) -> Any:
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


_run.__qualname__ = "ScriptedWorkflow.run"  # temporalio wants the name that it would have inside the class


def _build(name: str) -> type:
    """Make the class with `type`, because temporalio refuses a class that is defined inside a function."""
    scripted = type("ScriptedWorkflow", (), {"run": workflow.run(_run), "__module__": __name__})
    return workflow.defn(name=name, sandboxed=False)(scripted)


@workflow.defn(name="mistaken", sandboxed=False)
class Mistaken:
    """This workflow of the user has the name of a definition."""

    @workflow.run
    async def run(self) -> str:
        return "the user's own"


@workflow.defn(dynamic=True, sandboxed=False)
class TakesAll:
    """This workflow of the user is dynamic."""

    @workflow.run
    async def run(self, args: Sequence[RawValue]) -> None: ...
