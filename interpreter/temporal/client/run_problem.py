"""What the server refuses to do with a run, in the user's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from interpreter.temporal.client.start_options import StartOptions
from interpreter.temporal.problem import TemporalProblem


class RunProblem(TemporalProblem):
    """There is no such run, or nothing can be done with it."""


@contextmanager
def translate_errors(workflow_id: str) -> Iterator[None]:
    """What the server refuses, in the user's words."""
    try:
        yield
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise RunProblem(f"Temporal does not do it: {error.message} ({error.status.name})") from error
        if "already completed" in error.message:
            raise already_ended(workflow_id) from None
        raise RunProblem(
            f'there is no run with the id "{workflow_id}"', "check the id, the address and the namespace"
        ) from None


@contextmanager
def translate_start_errors(workflow_id: str, options: StartOptions) -> Iterator[None]:
    """Translate what can go wrong when a run is started, as `translate_errors` does for a run that was."""
    try:
        with translate_errors(workflow_id):
            yield
    except WorkflowAlreadyStartedError:
        if options.id_reuse == "allow-duplicate":
            message = f'a run with the id "{workflow_id}" goes on already'
            others = "choose another --id, or cancel it first"
        else:
            message = f'a run with the id "{workflow_id}" goes on, or has ended: {options.id_reuse}'
            others = "choose another --id"
        raise RunProblem(message, f"`stepfile status {workflow_id}` shows it; {others}") from None


def already_ended(workflow_id: str) -> RunProblem:
    """Nothing can be done with the run any more."""
    return RunProblem(f'the run "{workflow_id}" has ended already')
