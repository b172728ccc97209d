"""Dead letters: an error that nobody has caught is kept, before anything is undone, until someone acts on it."""

from __future__ import annotations

from typing import Any

from dsl.expressions import JsonValue, Template
from dsl.scalars.time import format_time
from interpreter.concurrency.shield import shield
from interpreter.effects import ActivityCall, Cancellation
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.program.model import DeadLetterRoute, DeadLetterSink, Node
from interpreter.state.breaker import CIRCUIT_BREAKER_OPEN
from interpreter.state.hidden_input import hide_in_error
from interpreter.state.keys import idempotency_key, next_activity_id, step_key
from interpreter.state.observation import observe_dead_letter
from interpreter.state.report import LONGEST_REASON
from interpreter.state.run import Run


async def route_failure(run: Run, node: Node, route: DeadLetterRoute, failed: StepFailed) -> None:
    """Keep the error of a step.

    Raises:
        StepFailed: the error itself: it is no letter, the queue passes it on, or it could not be kept.
    """
    failure = failed.failure.at_step(node.path)
    if failure.type == CIRCUIT_BREAKER_OPEN:  # as Temporal's own breaker: "NOT sent to the DLQ"
        raise failed
    given = run.progress.of(node.path).given
    kept = await shield(write_letter(run, route.queue, node, failure, given, idempotency_key(run, node)))
    if not (kept and route.then_continue):
        raise failed


async def write_letter(
    run: Run, queue: DeadLetterSink, node: Node, failure: Failure, given: JsonValue, key: str
) -> bool:
    """Write one record; whether it was kept. Never raises `StepFailed`: that is reported with the run.

    Args:
        run: The run.
        queue: Where to.
        node: What has failed: a step, or a compensation.
        failure: How.
        given: What it was given.
        key: The idempotency key of the effect that it was about.
    """
    record = _build_record(run, queue, node, failure, given, key)
    assert not isinstance(queue.plan.task_queue, Template)  # dsl.model.dead_letters
    call = ActivityCall(
        id=next_activity_id(run, f"{node.path}.dead_letter"),
        key=step_key(run, node),
        name=queue.activity,
        args=(record,),
        summary=f"dead letter of {node.key_path}",
        task_queue=queue.plan.task_queue,
        timeouts=queue.plan.timeouts,
        retry=queue.plan.retry,
        cancellation=Cancellation.WAIT,
    )
    try:
        await run.effects.call_activity(call)
    except StepFailed as lost:
        run.further_errors.add(lost.failure.at_step(call.id))
        observe_dead_letter(run, node, queue.name, failure, lost.failure)
        return False
    run.effects.record_letter(queue.name)
    why = run.hidden.redact_text(f"{failure.type}: {failure.message}")[:LONGEST_REASON]
    run.dead_letters.add({"queue": queue.name, "step": node.path, "key": record["key"], "error": why})
    observe_dead_letter(run, node, queue.name, failure, None)
    return True


def _build_record(
    run: Run, queue: DeadLetterSink, node: Node, failure: Failure, given: JsonValue, key: str
) -> dict[str, Any]:
    """Build the record of a letter.

    It is the same for every attempt to write it: `key` tells a second delivery from a second letter.
    """
    definition = run.program.definition
    step = run.progress.of(node.path)
    return {
        "key": step_key(run, node),
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
        "input": run.hidden.redact_value(given),
        "error": hide_in_error(run.hidden, failure.to_json()),
        "attempts": failure.attempts,
        "started_at": format_time(step.started_at) if step.started_at else None,
        "failed_at": format_time(run.effects.now()),
        "outcome": "unknown" if failure.outcome is Outcome.UNKNOWN else "failed",
        "compensated": "pending" if run.saga.is_due(node) else "none",
        "redrive_count": 0,
    }
