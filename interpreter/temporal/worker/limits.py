"""How much a worker does at once, and how fast: temporalio's options, under its names."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """The limits of one worker. What is None has temporalio's default."""

    max_concurrent_activities: int = 100
    """Attempts of activities that run at once. Plain functions have as many threads."""
    max_concurrent_workflow_tasks: int | None = None
    """Workflow tasks that are worked on at once; temporalio's default is 100, and it needs at least 2."""
    max_concurrent_local_activities: int | None = None
    """Steps with `local: true` that run at once; temporalio's default is 100."""
    max_activities_per_second: float | None = None
    """Attempts of activities that this worker begins in a second; without it as many as come."""
    max_task_queue_activities_per_second: float | None = None
    """Attempts that all workers of the task queue together begin in a second. The server keeps it; of several workers
    that say different numbers, the last one decides."""

    def __post_init__(self) -> None:
        """
        Raises:
            ValueError: a limit is not greater than 0.
        """
        for each in fields(self):
            value = getattr(self, each.name)
            if value is not None and value <= 0:
                raise ValueError(f"{each.name} must be greater than 0, not {value}")
