"""Dead letters: an error that nobody has caught is kept, before anything is undone, until someone acts on it.

A queue is the built-in one, which Temporal itself keeps, or an activity. Both get the same record.
"""

from __future__ import annotations

from dsl.model.dead_letters import DATABASE_ACTIVITY
from interpreter.concurrency.shield import shield
from interpreter.effects import LetterAddress, LetterCall
from interpreter.failure.failure import StepFailed
from interpreter.letters.queue_calls import build_queue_call
from interpreter.letters.record import FailedEffect, build_record
from interpreter.letters.redrive import Redrive
from interpreter.letters.told_letters import note_letter
from interpreter.modifiers.alerts import alert
from interpreter.program.model import DeadLetterRoute, DeadLetterSink, Node
from interpreter.state.breaker import CIRCUIT_BREAKER_OPEN
from interpreter.state.keys import idempotency_key, step_key
from interpreter.state.observation import observe_dead_letter
from interpreter.state.report import LONGEST_REASON, DeadLetterReport, add_key_path
from interpreter.state.run import Run


async def route_failure(
    run: Run,
    node: Node,
    route: DeadLetterRoute,
    failed: StepFailed,
    redrive: Redrive,
    inside: tuple[str, ...],
) -> None:
    """Keep the error of a step.

    Args:
        run: The run.
        node: The step, or the item of a loop.
        route: Where its errors are kept.
        failed: How it has failed.
        redrive: What runs it again.
        inside: The blocks, branches and iterations around it.

    Raises:
        StepFailed: the error itself: it is no letter, the queue passes it on, or it could not be kept.
    """
    failure = failed.failure.at_step(node.path)
    if failure.type == CIRCUIT_BREAKER_OPEN:  # as Temporal's own breaker: "NOT sent to the DLQ"
        raise failed
    given, key = run.progress.of(node.path).given, idempotency_key(run, node)
    effect = FailedEffect(node, failure, given, key, redrive, inside)
    kept = await shield(write_letter(run, route.queue, effect))
    if not (kept and route.then_continue):
        raise failed


async def write_letter(run: Run, queue: DeadLetterSink, failed: FailedEffect) -> bool:
    """Write one record; whether it was kept. Never raises `StepFailed`: that is reported with the run."""
    node, failure, record = failed.node, failed.failure, build_record(run, queue, failed)
    summary = run.hidden.redact_text(f"dead letter of {node.key_path}")
    letter = LetterAddress(queue.name, record["key"])
    if queue.activity is None:
        await run.effects.write_letter(LetterCall(letter, record, summary))
    else:
        place, key = f"{node.path}.dead_letter", step_key(run, node)
        call = build_queue_call(run, queue, place, dict(record), key=key, summary=summary)
        try:
            await run.effects.call_activity(call)
        except StepFailed as lost:
            run.further_errors.add(lost.failure.at_step(call.id))
            observe_dead_letter(run, node, queue.name, failure, lost.failure)
            return False
    if queue.activity in (None, DATABASE_ACTIVITY):
        note_letter(run, failed, letter)
    run.effects.record_letter(queue.name)
    why = run.hidden.redact_text(f"{failure.type}: {failure.message}")[:LONGEST_REASON]
    kept: DeadLetterReport = {"queue": queue.name, "step": node.path, "key": record["key"], "error": why}
    add_key_path(kept, node)
    run.dead_letters.add(kept)
    observe_dead_letter(run, node, queue.name, failure, None)
    if queue.on_dead_letter is not None:
        told = {name: value for name, value in record.items() if name != "redrive"}  # that is for programs
        alert(run, queue.on_dead_letter, told)
    return True
