"""People order what is to be done about a compensation that hangs or has failed: it is tried again, or given up.

Both are updates of the run. `check_order` refuses one before it is part of the history, and says what there is
instead. An order that was accepted is carried out by `interpreter.modifiers.undo`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dsl.expressions import JsonValue
from dsl.problems.suggest import did_you_mean
from dsl.problems.wording import describe, join_listed
from dsl.scalars.time import format_time
from interpreter.messages.declared import MessageRefused
from interpreter.state.compensation_orders import CompensationOrder, OrderKind
from interpreter.state.observation import observe_compensation_order
from interpreter.state.run import Run
from interpreter.state.saga import Undo, UndoStage

LONGEST_TEXT = 500
"""Code points of a reason, and of who has given the order: they are kept in the memo of the run."""

REFUSED = "OrderRefused"
"""Type of the error of an order that can't be carried out."""


def check_order(run: Run, kind: OrderKind, args: Sequence[JsonValue]) -> None:
    """Whether an order can be carried out; changes nothing.

    Raises:
        MessageRefused: it can't be.
    """
    _find_meant(run, _read_order(kind, args))


async def apply_order(run: Run, kind: OrderKind, args: Sequence[JsonValue]) -> dict[str, JsonValue]:
    """Carry out an order that was accepted.

    Returns:
        The step, and what is true of it now: `{step, state}`.

    Raises:
        MessageRefused: it can't be carried out.
    """
    order = _read_order(kind, args)
    undo, order = _find_meant(run, order), _hide_secrets(run, order)
    run.progress.of(undo.compensation.path).orders.append(order.to_json(format_time(run.effects.now())))
    observe_compensation_order(run, undo.node, order)
    if undo.stage is UndoStage.NOT_UNDONE:
        run.saga.undoings[-1].try_again(undo)
    elif undo.stage is UndoStage.WAITING:
        undo.order = order
    else:
        assert undo.attempt is not None
        if undo.order is None:  # else it is stopping already
            undo.attempt.stop()
        undo.order = order
        await undo.order_done.wait()
    return {"step": undo.node.key_path, "state": undo.stage.value}


def _read_order(kind: OrderKind, args: Sequence[JsonValue]) -> CompensationOrder:
    """
    Raises:
        MessageRefused: something is missing, or is no text.
    """
    if len(args) != 1 or not isinstance(args[0], dict):
        found = describe(args[0]) if len(args) == 1 else f"{len(args)} arguments"
        raise MessageRefused("InvalidPayload", f"an order has one argument, a map; found {found}")
    data = args[0]
    texts: dict[str, str] = {}
    for name in ("step", "by", "reason", "seen"):
        text = data.get(name)
        if name == "seen" and text is None:
            continue
        if not isinstance(text, str) or not text.strip():
            raise MessageRefused(
                "InvalidPayload", f'an order has a text "{name}" that is not empty, found {describe(text)}'
            )
        limited = name in ("by", "reason")
        if limited and len(text) > LONGEST_TEXT:
            message = (
                f'the text "{name}" of an order has at most {LONGEST_TEXT} characters, found {len(text)}'
            )
            raise MessageRefused("InvalidPayload", message)
        texts[name] = text if limited or name == "step" else text[:LONGEST_TEXT]
    return CompensationOrder(
        kind, texts["step"], texts["by"], texts["reason"], texts.get("seen"), data.get("by_key") is True
    )


def _hide_secrets(run: Run, order: CompensationOrder) -> CompensationOrder:
    """Replace secret values of the input: an order is shown to people, and the error of an attempt may have them."""
    seen = None if order.seen is None else run.hidden.redact_text(order.seen)
    return replace(order, reason=run.hidden.redact_text(order.reason), seen=seen)


def _find_meant(run: Run, order: CompensationOrder) -> Undo:
    """
    Raises:
        MessageRefused: there is no such compensation, or nothing can be done about it now.
    """
    undo = _find(run, order)
    if why := _explain_refusal(run, undo, order):
        raise MessageRefused(REFUSED, f"{undo.node.key_path} {why}")
    return undo


def _find(run: Run, order: CompensationOrder) -> Undo:
    """The undoing of a step; of several in the same place, the one that can be acted on, or else the last one.

    Raises:
        MessageRefused: there is none.
    """
    step = order.step
    found = [undo for undo in run.saga.undos if undo.node.key_path == step]
    if not order.by_key:
        found = [undo for undo in run.saga.undos if step in (undo.node.key_path, undo.node.path)]
    if not found:
        known = {undo.node.key_path for undo in run.saga.undos}
        hint = did_you_mean(step, known)
        said = [
            f'nothing is to be undone of a step "{step}" of this run',
            *([hint] if hint else []),
            f"there are: {join_listed(known) or 'none'}",
        ]
        raise MessageRefused(REFUSED, "; ".join(said))
    acted_on = [undo for undo in found if undo in run.saga.under_way or undo.stuck]
    return (acted_on or found)[-1]


def _explain_refusal(run: Run, undo: Undo, order: CompensationOrder) -> str | None:
    """Say why nothing can be done now about the undoing of a step; None if it can."""
    stage, given = undo.stage, undo.order
    if given is not None and (given.kind == "skip" or order.kind == "retry"):
        done = "tried again" if given.kind == "retry" else "skipped"
        return f"is about to be {done}: {given.by} has said so ({given.reason})"
    if order.kind == "skip" and stage in (UndoStage.WAITING, UndoStage.UNDOING):
        return None
    if order.kind == "retry" and stage is UndoStage.UNDOING:
        return None
    if order.kind == "retry" and stage is UndoStage.NOT_UNDONE:
        return _explain_no_retry(run, undo)
    if stage is UndoStage.NOT_BEGUN:
        return _explain_not_begun(run, undo)
    return str(stage.value)


def _explain_no_retry(run: Run, undo: Undo) -> str | None:
    """Say why what could not be undone can't be tried again; None if it can."""
    if undo.taken is None:
        return (
            "could not be undone in a run before this one, of an earlier release, and its arguments are lost"
        )
    if not run.saga.undoings:
        return "could not be undone, and this run undoes nothing else any more: it can't be tried again in this run"
    return None


def _explain_not_begun(run: Run, undo: Undo) -> str:
    if undo.outcome is None:
        return f"{UndoStage.NOT_BEGUN.value}: the step has not ended"
    if undo.prepared is None:
        return "is not to be undone"
    return f"{UndoStage.NOT_BEGUN.value}: the run undoes it only when it has failed or was cancelled"
