"""Orders about compensations: what somebody does when the undoing of a run hangs, or a step could not be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from temporalio.client import WorkflowExecutionDescription

from interpreter.program.paths import compensation_path
from interpreter.state.compensation_orders import OrderKind
from interpreter.temporal.client.decoding import translate_decoding_errors
from interpreter.temporal.client.ending import ENDED, read_status
from interpreter.temporal.client.messages import translate_update_errors
from interpreter.temporal.client.queue_workers import find_workers
from interpreter.temporal.client.run_definition import require_decodable
from interpreter.temporal.client.run_handle import RunHandle, read_pending
from interpreter.temporal.client.run_problem import RunProblem, translate_errors
from interpreter.temporal.client.silence import describe_missing_workers
from interpreter.temporal.wire.names import ORDER_UPDATES


async def order_compensation(
    run: RunHandle, kind: OrderKind, step: str, reason: str, *, waiting: Callable[[str], object]
) -> Mapping[str, Any]:
    """Order that the compensation of a step is tried again at once (`retry`), or given up (`skip`).

    The order is kept with the run: who has given it, which is the identity of the client, and why.

    Args:
        run: The run.
        kind: What is to be done.
        step: The step that is to be undone: its path, with the keys of items as `status` shows them.
        reason: Why.
        waiting: Is told when no worker is there to carry it out.

    Returns:
        The step, and in words what is true of it now: `{step, state}`.

    Raises:
        RunProblem: there is no such run, it has ended, it can't be decoded here, or it refuses the order. Then
            nothing has changed.
    """
    info = await run.describe()
    if (status := read_status(info.status)) in ENDED:
        hint = (
            f"`stepfile status {run.id}` shows what is not undone. A compensation that saga.dead_letter has kept is "
            "tried again by `stepfile dlq redrive`"
        )
        goes_on = "" if status == "completed" else f"; `stepfile resume {run.id}` goes on with the run"
        raise RunProblem(f'the run "{run.id}" has ended, and undoes nothing any more', hint + goes_on)
    await require_decodable(run, "its workers may not be able to decode the order")
    workers = await find_workers(run.client, info.task_queue)
    if not workers.find_takers(info):
        waiting(describe_missing_workers(workers, info))
    order = {
        "step": step,
        "by_key": True,
        "by": run.client.service_client.config.identity,
        "reason": reason,
        "seen": await _describe_attempts(run, info, step),
    }
    with translate_update_errors(), translate_errors(run.id), translate_decoding_errors():
        # temporalio has overloads for `args` without their types.
        answer: Mapping[str, Any] = await run.handle.execute_update(  # pyright: ignore[reportUnknownMemberType]
            ORDER_UPDATES[kind], order, result_type=dict
        )
    return answer


async def _describe_attempts(run: RunHandle, info: WorkflowExecutionDescription, step: str) -> str | None:
    """Describe how far the server has come with an activity that is to undo a step; None if there is none."""
    compensation = compensation_path(step)
    for each in await read_pending(info, run.client.data_converter):
        if each.step == compensation:
            error = "" if each.error is None else f": {each.error}"
            return f"attempt {each.attempt}{error}"
    return None
