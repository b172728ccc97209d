"""Dead letters: an error that nobody has caught is kept, before anything is undone, until someone acts on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dsl.expressions import JsonValue, Template
from interpreter.concurrency.shield import shielded
from interpreter.effects import ActivityCall, Cancellation
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.program.model import Letterbox, Node, Queue
from interpreter.state.breaker import CIRCUIT_BREAKER_OPEN
from interpreter.state.run import Run


async def posted(run: Run, node: Node, letterbox: Letterbox, failed: StepFailed) -> None:
    """Keep the error of a step.

    Raises:
        StepFailed: the error itself: it is no letter, the queue passes it on, or it could not be kept.
    """
    failure = failed.failure.at_step(node.path)
    if failure.type == CIRCUIT_BREAKER_OPEN:  # as Temporal's own breaker: "NOT sent to the DLQ"
        raise failed
    given = run.progress.of(node.path).given
    kept = await shielded(write(run, letterbox.queue, node, failure, given, run.key_of(node)))
    if not (kept and letterbox.go_on):
        raise failed


async def write(run: Run, queue: Queue, node: Node, failure: Failure, given: JsonValue, key: str) -> bool:
    """Write one record; whether it was kept. Never raises `StepFailed`: that is reported with the run.

    Args:
        run: The run.
        queue: Where to.
        node: What has failed: a step, or a compensation.
        failure: How.
        given: What it was given.
        key: The idempotency key of the effect that it was about.
    """
    record = _record(run, queue, node, failure, given, key)
    assert not isinstance(queue.plan.task_queue, Template)  # dsl.model.dead_letters
    call = ActivityCall(
        id=run.fresh_id(f"{node.path}.dead_letter"),
        key=run.place_key(node),
        name=queue.activity,
        args=(record,),
        summary=f"dead letter of {node.path}",
        task_queue=queue.plan.task_queue,
        timeouts=queue.plan.timeouts,
        retry=queue.plan.retry,
        cancellation=Cancellation.WAIT,
    )
    try:
        await run.effects.call_activity(call)
    except StepFailed as lost:
        run.further.add(lost.failure.at_step(call.id))
        return False
    run.dead_letters.add({"queue": queue.name, "step": node.path, "key": record["key"]})
    return True


def _record(
    run: Run, queue: Queue, node: Node, failure: Failure, given: JsonValue, key: str
) -> dict[str, Any]:
    """The same for every attempt to write it: `key` tells a second delivery from a second letter."""
    definition = run.program.definition
    step = run.progress.of(node.path)
    return {
        "key": run.place_key(node),
        "queue": queue.name,
        "definition": {
            "name": definition.name,
            "version": definition.version,
            "digest": run.program.digest,
        },
        "workflow_id": run.effects.workflow_id,
        "run_id": run.effects.run_id,
        "step": node.path,
        "iteration": node.frame.rstrip("/") or None,
        "idempotency_key": key,
        "activity": node.activity,
        "input": given,
        "error": failure.as_json(),
        "attempts": failure.attempts,
        "started_at": _time(step.started_at),
        "failed_at": _time(run.effects.now()),
        "outcome": "unknown" if failure.outcome is Outcome.UNKNOWN else "failed",
        "compensated": "pending" if run.saga.is_due(node) else "none",
        "redrive_count": 0,
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
