"""Priorities of tasks, in temporalio's types."""

from __future__ import annotations

from temporalio.common import Priority

from interpreter.effects import TaskPriority


def to_temporal_priority(priority: TaskPriority | None) -> Priority:
    """Translate a priority; one that says nothing inherits that of the run."""
    if priority is None:
        return Priority.default
    return Priority(priority.key, priority.fairness_key, priority.fairness_weight)
