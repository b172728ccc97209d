"""The state of a run as plain data, and a run that goes on from there: what continue-as-new carries over.

**What is in it.** Only what is not in the definition and not in the input: both travel beside it. The state is taken
while no task of the run runs (see `interpreter.state.continue_as_new`), so nothing that is on its way need be
written. It can also be taken of a run that has failed: then `status` and `failure` say so, and each step says how it
ended.

**What is promised.** The state is part of the next run's arguments, so it outlives the worker that wrote it. `format`
is the number of this layout. A release reads the format of the release before it, and it reads format n + 1 before
any release writes that (docs/decisions/022-wire-format.md). `tests/golden/state` holds states as they were written;
they must always be read.

**What may not be in it.** The order of the keys of objects: Temporal's JSON converter sorts them. What has an order
is a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from interpreter.calls.prepare import export_call, restore_call
from interpreter.concurrency.cancel_scope import CancelScope
from interpreter.effects import ActivityCall, ChildCall, LetterAddress
from interpreter.failure.codec import decode_failure, encode_failure
from interpreter.failure.failure import Failure, Outcome
from interpreter.program.model import Node
from interpreter.program.paths import find_node
from interpreter.state.breaker import Breaker
from interpreter.state.breaker_queue import BreakerQueue
from interpreter.state.inbox import Message
from interpreter.state.progress import StepProgress
from interpreter.state.report import RecentEntries
from interpreter.state.run import Run, WrittenLetter
from interpreter.state.saga import Left, Prepared, Undo, UndoStage
from interpreter.state.scope import Scope
from interpreter.state.started_children import StartedChildren
from interpreter.state.step_state import decode_step_state, encode_step_state
from interpreter.state.undone_apart import UndoneApartCounts

FORMAT = 1
"""Number of the layout that this release writes. It reads this one."""

State = dict[str, Any]


def export_state(run: Run) -> State:
    """Write down all that the next run must know."""
    reports = (run.compensations, run.further_errors, run.dead_letters)
    return {
        "format": FORMAT,
        "started_at": run.started_at.isoformat() if run.started_at is not None else None,
        "status": run.status,
        "failure": encode_failure(run.failure) if run.failure is not None else None,
        "identity": run.identity,
        "attempt": run.attempt,
        "generation": run.generation,
        "vars": run.vars,
        "frames": run.frames,
        "steps": {path: _export_progress(step) for path, step in run.progress.steps.items()},
        "undos": [_export_undo(undo) for undo in run.saga.undos if undo.matters],
        **({"left": [_export_left(left) for left in run.saga.left]} if run.saga.left else {}),
        "pivot": run.saga.pivot,
        "undone": run.undone,
        **({"children": children} if (children := run.children.export_state()) else {}),
        **({"undone_apart": apart} if (apart := run.undone_apart.export_state()) else {}),
        "compensations": [*run.compensations],
        "further_errors": [encode_failure(failure) for failure in run.further_errors],
        "dead_letters": [*run.dead_letters],
        "left_out": [report.left_out for report in reports],
        "has_failed_compensation": run.has_failed_compensation,
        "messages": [[each.name, each.payload] for each in run.inbox.messages],
        "refused_messages": run.inbox.refused,
        "breakers": {name: queue.breaker.export_state() for name, queue in run.breakers.items()},
        **({"unobserved_breakers": run.unobserved_breakers} if run.unobserved_breakers else {}),
        **({"key_paths": run.key_paths} if run.key_paths else {}),
        **({"letters": _export_letters(run)} if run.letters else {}),
    }


def restore_state(run: Run, state: Mapping[str, Any]) -> None:
    """Let a fresh run of the same definition with the same input go on from a state.

    Args:
        run: A run that has not begun.
        state: What `export_state` has returned, in a format that this release reads.
    """
    run.continued = True
    run.started_at = _decode_time(state["started_at"])
    run.status = state["status"]
    run.failure = decode_failure(state["failure"]) if state["failure"] is not None else None
    run.identity, run.attempt, run.generation = state["identity"], state["attempt"], state["generation"]
    run.vars, run.frames, run.undone = state["vars"], state["frames"], state["undone"]
    run.children = StartedChildren(**state.get("children", {}))
    run.undone_apart = UndoneApartCounts(**state.get("undone_apart", {}))
    run.progress.steps = {path: _restore_progress(step) for path, step in state["steps"].items()}
    run.saga.pivot = state["pivot"]
    compensations, further_errors, dead_letters = state["left_out"]
    run.compensations = RecentEntries(state["compensations"], compensations)
    run.further_errors = RecentEntries(map(decode_failure, state["further_errors"]), further_errors)
    run.dead_letters = RecentEntries(state["dead_letters"], dead_letters)
    run.has_failed_compensation = state["has_failed_compensation"]
    run.inbox.messages = [Message(name, payload) for name, payload in state["messages"]]
    run.inbox.refused = state["refused_messages"]
    for name, known in state["breakers"].items():
        breaker = Breaker.restore_state(run.breakers[name].breaker.settings, known)
        run.breakers[name] = BreakerQueue(breaker)
    run.unobserved_breakers = state.get("unobserved_breakers", [])
    run.key_paths = state.get("key_paths", {})
    run.letters = {
        LetterAddress(queue, key): WrittenLetter(tuple(inside), is_outdated)
        for queue, key, inside, is_outdated in state.get("letters", ())
    }
    run.saga.undos = [_restore_undo(run, undo) for undo in state["undos"]]
    run.saga.left = [_restore_left(run, left) for left in state.get("left", ())]


def state_parts(state: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a state is made of, by names that say something to the writer of the definition."""
    for name, value in state["vars"].items():
        yield f"vars.{name}", value
    for frame, steps in state["frames"].items():
        for name, shown in steps.items():
            yield f"steps.{name}{f' of {frame[:-1]}' if frame else ''}", shown
    for path, step in state["steps"].items():
        yield f"the state of step {path}", step
    for undo in state["undos"]:
        yield f"the compensation of {undo['step']}", undo
    yield "the messages that no step has taken yet", state["messages"]


_PLAIN = (
    "state",
    "attempts",
    "given",
    "child",
    "result",
    "fields",
    "failures",
    "orders",
    "frames",
    "handler",
)
_NOTHING = StepProgress()


def _export_progress(step: StepProgress) -> State:
    data: State = {
        name: value for name in _PLAIN if (value := getattr(step, name)) != getattr(_NOTHING, name)
    }
    for name in ("started_at", "ended_at"):
        moment = getattr(step, name)
        if moment is not None:
            data[name] = moment.isoformat()
    for name in ("error", "last_error"):
        failure = getattr(step, name)
        if failure is not None:
            data[name] = encode_failure(failure)
    if step.resume is not None:
        data["resume"] = encode_step_state(step.resume)
    return data


def _restore_progress(data: State) -> StepProgress:
    step = StepProgress(**{name: data[name] for name in _PLAIN if name in data})
    step.started_at, step.ended_at = _decode_time(data.get("started_at")), _decode_time(data.get("ended_at"))
    step.error = decode_failure(data["error"]) if "error" in data else None
    step.last_error = decode_failure(data["last_error"]) if "last_error" in data else None
    step.resume = decode_step_state(data["resume"]) if "resume" in data else None
    return step


def _export_letters(run: Run) -> list[list[Any]]:
    return [[*letter, list(each.inside), each.is_outdated] for letter, each in run.letters.items()]


def _export_undo(undo: Undo) -> State:
    return {
        "step": undo.node.path,
        "key_frame": undo.node.key_frame,
        "inside": list(undo.inside),
        "outcome": undo.outcome.value if undo.outcome is not None else None,
        "prepared": _export_prepared(undo.prepared),
        "stuck": undo.stuck,
        **({"taken": _export_prepared(undo.taken)} if undo.taken is not None else {}),
    }


def _restore_undo(run: Run, data: State) -> Undo:
    node = find_node(run.program, data["step"], data["key_frame"])
    assert node.compensation is not None
    outcome = Outcome(data["outcome"]) if data["outcome"] is not None else None
    undo = Undo(node, node.compensation, tuple(data["inside"]), outcome=outcome)
    undo.prepared = _restore_prepared(run, node, node.compensation, data["prepared"])
    if data["stuck"]:
        undo.stage = UndoStage.NOT_UNDONE
        undo.taken = _restore_prepared(run, node, node.compensation, data.get("taken"))
        undo.report = next(
            (
                each
                for each in run.compensations
                if each["step"] == node.path and each["status"] != "completed"
            ),
            None,
        )
    return undo


def _export_left(left: Left) -> State:
    return {
        "step": left.node.path,
        "key_frame": left.node.key_frame,
        "inside": list(left.inside),
        "failure": encode_failure(left.failure),
        "key": left.key,
        "is_due": left.is_due,
        "taken": left.taken,
    }


def _restore_left(run: Run, data: State) -> Left:
    node = find_node(run.program, data["step"], data["key_frame"])
    failure = decode_failure(data["failure"])
    return Left(node, tuple(data["inside"]), failure, data["key"], data["is_due"], data["taken"])


def _restore_prepared(run: Run, node: Node, compensation: Node, data: State | None) -> Prepared | None:
    match data:
        case {"call": call}:
            return restore_call(run, compensation, call)
        case {"names": names, "inside": inside}:
            names = {"input": run.data, **names}
            return Scope(names, CancelScope(), tuple(inside), node.frame).detach()
        case {"failure": failure}:
            return decode_failure(failure)
        case _:  # its arguments were not evaluated yet
            return None


def _export_prepared(prepared: Prepared | None) -> State | None:
    match prepared:
        case None:
            return None
        case ActivityCall() | ChildCall():
            return {"call": export_call(prepared)}
        case Scope():
            names = {name: value for name, value in prepared.names.items() if name != "input"}
            return {"names": names, "inside": list(prepared.inside)}
        case Failure():
            return {"failure": encode_failure(prepared)}


def _decode_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None
