"""The options of `stepfile worker` that say how much it does at once, and how fast."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from interpreter.temporal.worker.limits import WorkerLimits

Command = TypeVar("Command", bound=Callable[..., Any])

_AT_LEAST_ONE = click.IntRange(min=1)
_POSITIVE = click.FloatRange(min=0, min_open=True)
_OPTIONS: dict[str, tuple[click.ParamType[Any], str]] = {
    "max_concurrent_activities": (
        _AT_LEAST_ONE,
        "Attempts of activities that run at once; 100 without it. Plain functions have as many threads.",
    ),
    "max_concurrent_workflow_tasks": (
        click.IntRange(min=2),
        "Workflow tasks that are worked on at once; 100 without it.",
    ),
    "max_concurrent_local_activities": (
        _AT_LEAST_ONE,
        "Steps with `local: true` that run at once; 100 without it.",
    ),
    "max_activities_per_second": (_POSITIVE, "Attempts of activities that this worker begins in a second."),
    "max_task_queue_activities_per_second": (
        _POSITIVE,
        "Attempts that all workers of the task queue together begin in a second.",
    ),
}


def worker_limits_options(command: Command) -> Command:
    """Add the options; the command gets each under the name of its field in `WorkerLimits`."""
    for name, (kind, about) in reversed(_OPTIONS.items()):
        command = click.option(f"--{name.replace('_', '-')}", metavar="NUMBER", type=kind, help=about)(
            command
        )
    return command


def read_worker_limits(options: dict[str, Any]) -> WorkerLimits:
    """Make the limits of what the options say."""
    from interpreter.temporal.worker.limits import WorkerLimits

    return WorkerLimits(**{name: value for name, value in options.items() if value is not None})
