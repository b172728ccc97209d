"""What a run can be sent and asked: signals, updates and queries, as its definition declares them."""

from __future__ import annotations

from collections.abc import Sequence

from dsl.expressions import JsonValue
from interpreter.concurrency.cancel_scope import CancelScope
from interpreter.failure.failure import Failure, StepFailed
from interpreter.messages.declared import MessageRefused, refuse_unknown, validate_signal, validate_update
from interpreter.state.evaluator import (
    declare_variables,
    evaluate,
    evaluate_condition,
    leave_no_trace,
)
from interpreter.state.inbox import Message
from interpreter.state.pauses import note_message_handled
from interpreter.state.run import Run
from interpreter.state.scope import Scope


def receive_signal(run: Run, name: str, args: Sequence[JsonValue]) -> None:
    """Keep a signal for the step that waits for it.

    Raises:
        MessageRefused: it is not declared, or its payload is wrong. It is counted.
    """
    try:
        payload = validate_signal(run.program.definition, name, args)
    except MessageRefused:
        run.inbox.refuse(name)
        raise
    else:
        _keep_message(run, name, payload)
    finally:
        note_message_handled(run)


def check_update(run: Run, name: str, args: Sequence[JsonValue]) -> None:
    """Whether an update may be part of the run; changes nothing.

    Raises:
        MessageRefused: it is not declared, its payload is wrong, or its `when` is not true.
    """
    declared, payload = validate_update(run.program.definition, name, args)
    try:
        with leave_no_trace(run):
            allowed = evaluate_condition(
                run, declared.when, _message_scope(run, payload), f"updates.{name}.when"
            )
    except StepFailed as failed:
        raise MessageRefused(failed.failure.type, failed.failure.message) from None
    if not allowed:
        raise MessageRefused("UpdateRefused", f'the update "{name}" is not accepted now')


async def apply_update(run: Run, name: str, args: Sequence[JsonValue]) -> JsonValue:
    """Do what an update says that was accepted; its answer.

    Raises:
        StepFailed: a value can't be had (then no variable has changed), or the run has ended before it could answer.
    """
    declared, payload = validate_update(run.program.definition, name, args)
    scope, what = _message_scope(run, payload), f"updates.{name}"
    declare_variables(run)
    values = {key: evaluate(run, value, scope, f"{what}.set.{key}") for key, value in declared.set.items()}
    if values:
        run.assign(values)
    _keep_message(run, name, payload)
    run.suspension.pending_updates += 1
    try:
        while not evaluate_condition(run, declared.until, scope, f"{what}.until"):
            if run.is_over or run.suspension.completed:
                raise _update_not_answered(name, ended=run.is_over)
            await run.changes.wait()
    finally:
        run.suspension.pending_updates -= 1
        note_message_handled(run)
    return None if declared.result is None else evaluate(run, declared.result, scope, f"{what}.result")


def answer_query(run: Run, name: str, args: Sequence[JsonValue]) -> JsonValue:
    """The value of a declared query.

    Raises:
        MessageRefused: it is not declared, takes no arguments, or has no value now.
    """
    declared = run.program.definition.queries.get(name)
    if declared is None:
        raise refuse_unknown("query", name, ["status", *run.program.definition.queries])
    if args:
        raise MessageRefused("InvalidPayload", f'the query "{name}" takes no arguments, found {len(args)}')
    try:
        with leave_no_trace(run):
            return evaluate(run, declared, Scope({"input": run.data}, CancelScope()), f"queries.{name}")
    except StepFailed as failed:
        raise MessageRefused(failed.failure.type, failed.failure.message) from None


def _update_not_answered(name: str, *, ended: bool) -> StepFailed:
    how = "has ended" if ended else "continues as new"
    return StepFailed(Failure("UpdateNotAnswered", f'the run {how} before the update "{name}" was answered'))


def _keep_message(run: Run, name: str, payload: JsonValue) -> None:
    if name in run.program.awaited:
        run.inbox.put(Message(name, payload))


def _message_scope(run: Run, payload: JsonValue) -> Scope:
    return Scope({"input": run.data, "payload": payload}, CancelScope())
