"""What a run can be sent and asked: signals, updates and queries, as its definition declares them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dsl.expressions import JsonValue
from dsl.inputs import check_input
from dsl.model import UpdateDeclaration
from dsl.suggest import did_you_mean
from dsl.wording import listed
from interpreter.failure import Failure, StepFailed
from interpreter.inbox import Message
from interpreter.run import Run
from interpreter.scope import Scope
from interpreter.stop import Stop


class MessageRefused(Exception):
    """A message that the run does not take."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def receive_signal(run: Run, name: str, args: Sequence[JsonValue]) -> None:
    """Keep a signal for the step that waits for it.

    Raises:
        MessageRefused: it is not declared, or its payload is wrong. It is counted.
    """
    try:
        declared = run.program.definition.signals.get(name)
        if declared is None:
            raise _unknown("signal", name, run.program.definition.signals)
        payload = _payload(f'signal "{name}"', args, declared.schema_)
    except MessageRefused:
        run.inbox.refuse(name)
        raise
    else:
        _keep(run, name, payload)
    finally:
        run.message_done()


def check_update(run: Run, name: str, args: Sequence[JsonValue]) -> None:
    """Whether an update may be part of the run; changes nothing.

    Raises:
        MessageRefused: it is not declared, its payload is wrong, or its `when` is not true.
    """
    declared, payload = _declared_update(run, name, args)
    try:
        with run.unnoticed():
            allowed = run.condition(declared.when, _scope(run, payload), f"updates.{name}.when")
    except StepFailed as failed:
        raise MessageRefused(failed.failure.type, failed.failure.message) from None
    if not allowed:
        raise MessageRefused("UpdateRefused", f'the update "{name}" is not accepted now')


async def apply_update(run: Run, name: str, args: Sequence[JsonValue]) -> JsonValue:
    """Do what an update says that was accepted; its answer.

    Raises:
        StepFailed: a value can't be had (then no variable has changed), or the run has ended before it could answer.
    """
    declared, payload = _declared_update(run, name, args)
    scope, what = _scope(run, payload), f"updates.{name}"
    run.declare()
    values = {key: run.evaluate(value, scope, f"{what}.set.{key}") for key, value in declared.set.items()}
    if values:
        run.assign(values)
    _keep(run, name, payload)
    run.handover.askers += 1
    try:
        while not run.condition(declared.until, scope, f"{what}.until"):
            if run.is_over or run.handover.done:
                raise _not_answered(name, ended=run.is_over)
            await run.changes.heard()
    finally:
        run.handover.askers -= 1
        run.message_done()
    return None if declared.result is None else run.evaluate(declared.result, scope, f"{what}.result")


def answer_query(run: Run, name: str, args: Sequence[JsonValue]) -> JsonValue:
    """The value of a declared query.

    Raises:
        MessageRefused: it is not declared, takes no arguments, or has no value now.
    """
    declared = run.program.definition.queries.get(name)
    if declared is None:
        raise _unknown("query", name, ["status", *run.program.definition.queries])
    if args:
        raise MessageRefused(
            "InvalidPayload", f'the query "{name}" takes nothing, found {len(args)} arguments'
        )
    try:
        with run.unnoticed():
            return run.evaluate(declared, Scope({"input": run.data}, Stop()), f"queries.{name}")
    except StepFailed as failed:
        raise MessageRefused(failed.failure.type, failed.failure.message) from None


def _not_answered(name: str, *, ended: bool) -> StepFailed:
    how = "has ended" if ended else "goes on as a new one"
    return StepFailed(Failure("UpdateNotAnswered", f'the run {how}, and "{name}" had no answer yet'))


def _declared_update(run: Run, name: str, args: Sequence[JsonValue]) -> tuple[UpdateDeclaration, JsonValue]:
    declared = run.program.definition.updates.get(name)
    if declared is None:
        raise _unknown("update", name, run.program.definition.updates)
    return declared, _payload(f'update "{name}"', args, declared.schema_)


def _payload(what: str, args: Sequence[JsonValue], schema: dict[str, Any] | None) -> JsonValue:
    if len(args) > 1:
        raise MessageRefused("InvalidPayload", f"the {what} takes one payload, found {len(args)} arguments")
    payload, problems = check_input(schema, args[0] if args else None)
    if problems:
        wrong = "; ".join(each.of("payload") for each in problems)
        raise MessageRefused("InvalidPayload", f"the {what} has a wrong payload: {wrong}")
    value: JsonValue = payload
    return value


def _unknown(kind: str, name: str, known: Sequence[str] | dict[str, Any]) -> MessageRefused:
    suggestion = did_you_mean(name, known)
    message = f'there is no {kind} "{name}"{f"; {suggestion}" if suggestion else ""}'
    return MessageRefused("UnknownMessage", f"{message}; declared: {listed(known) or 'none'}")


def _keep(run: Run, name: str, payload: JsonValue) -> None:
    if name in run.program.awaited:
        run.inbox.put(Message(name, payload))


def _scope(run: Run, payload: JsonValue) -> Scope:
    return Scope({"input": run.data, "payload": payload}, Stop())
