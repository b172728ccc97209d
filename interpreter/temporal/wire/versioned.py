"""Whether the worker that carries out a run has a version, which the workflow can't find out by itself.

A versioning behaviour is a part of each answer of a versioned worker. On a worker without a version it must not be
said: the server refuses such answers, and the run stands still. So the plugin offers a mark to the workflows of a
versioned worker, in the way of `interpreter.temporal.wire.listening`. No command of a run depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping

from temporalio import workflow
from temporalio.worker import WorkflowInterceptorClassInput

EXTERN = "stepfile_versioned"
"""The name of the mark among the extern functions of a workflow."""


def mark_versioned(input: WorkflowInterceptorClassInput) -> None:
    """Let the workflows of a worker know that it has a version.

    Args:
        input: What temporalio hands to interceptors when a worker is made.
    """
    # temporalio says `Callable` without the types of parameters and result.
    functions: MutableMapping[str, Callable[[], None]] = input.unsafe_extern_functions  # pyright: ignore
    functions[EXTERN] = lambda: None


def is_versioned() -> bool:
    """Tell whether the worker has a version; asked inside a workflow."""
    functions: Mapping[str, Callable[[], None]] = workflow.extern_functions()  # pyright: ignore
    return EXTERN in functions
