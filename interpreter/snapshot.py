"""The state of a run as plain data, and a run that goes on from there: what continue-as-new carries over.

Only what is not in the definition, and only while the run rests (see `interpreter.state.continue_as_new`).
The format is part of the workflow's input: a newer version of this code must read what an older one has written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from interpreter.calls.prepare import restored_call
from interpreter.concurrency.cancel_scope import Stop
from interpreter.effects import ActivityCall, ChildCall
from interpreter.failure.codec import failure_from_json, failure_to_json
from interpreter.failure.failure import Failure, Outcome
from interpreter.program.paths import node_at
from interpreter.state.breaker import Breaker
from interpreter.state.breaker_queue import Gate
from interpreter.state.inbox import Message
from interpreter.state.progress import StepProgress
from interpreter.state.report import Reported
from interpreter.state.run import Run
from interpreter.state.saga import Prepared, Undo
from interpreter.state.scope import Scope

State = dict[str, Any]


def exported(run: Run) -> State:
    """All that the next run must know."""
    assert run.started_at is not None
    return {
        "started_at": run.started_at.isoformat(),
        "vars": run.vars,
        "frames": run.frames,
        "steps": {path: _progress(step) for path, step in run.progress.steps.items()},
        "undos": [_undo(run, undo) for undo in run.saga.undos if undo.matters],
        "pivot": run.saga.pivot,
        "undone": run.undone,
        "compensations": [*run.compensations],
        "further": [failure_to_json(failure) for failure in run.further],
        "dead_letters": [*run.dead_letters],
        "left_out": [each.left_out for each in (run.compensations, run.further, run.dead_letters)],
        "is_unclean": run.is_unclean,
        "messages": [[each.name, each.payload] for each in run.inbox.messages],
        "refused": run.inbox.refused,
        "breakers": {name: gate.breaker.exported() for name, gate in run.breakers.items()},
        "identity": run.identity,
        "attempt": run.attempt,
        "generation": run.generation,
    }


def restore(run: Run, state: Mapping[str, Any]) -> None:
    """Let a fresh run of the same definition with the same input go on from there."""
    run.continued = True
    run.started_at = datetime.fromisoformat(state["started_at"])
    run.vars, run.undone, run.generation = state["vars"], state["undone"], state["generation"]
    run.identity, run.attempt = state["identity"], state["attempt"]
    run.frames = state["frames"]
    run.progress.steps = {path: _restored_progress(step) for path, step in state["steps"].items()}
    run.saga.pivot = state["pivot"]
    undone, later, letters = state["left_out"]
    run.compensations = Reported(state["compensations"], undone)
    run.further = Reported(map(failure_from_json, state["further"]), later)
    run.dead_letters = Reported(state["dead_letters"], letters)
    run.is_unclean = state["is_unclean"]
    run.inbox.messages = [Message(name, payload) for name, payload in state["messages"]]
    run.inbox.refused = state["refused"]
    for name, gate in run.breakers.items():
        run.breakers[name] = Gate(Breaker.restored(gate.breaker.settings, state["breakers"][name]))
    run.saga.undos = [_restored_undo(run, undo) for undo in state["undos"]]


def parts(state: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a state is made of, by names that say something to the writer of the definition."""
    for name, value in state["vars"].items():
        yield f"vars.{name}", value
    for frame, steps in state["frames"].items():
        for name, shown in steps.items():
            yield f"steps.{name}{f' of {frame[:-1]}' if frame else ''}", shown
    for path, step in state["steps"].items():
        yield f"what is known of {path}", step
    for undo in state["undos"]:
        yield f"what undoes {undo['step']}", undo
    yield "the list of messages that wait", state["messages"]


_PLAIN = ("state", "attempts", "given", "child", "result", "fields", "failures", "memory", "frames")
_NOTHING = StepProgress()


def _progress(step: StepProgress) -> State:
    data: State = {
        name: value for name in _PLAIN if (value := getattr(step, name)) != getattr(_NOTHING, name)
    }
    for name in ("started_at", "ended_at"):
        moment = getattr(step, name)
        if moment is not None:
            data[name] = moment.isoformat()
    if step.error is not None:
        data["error"] = failure_to_json(step.error)
    return data


def _restored_progress(data: State) -> StepProgress:
    step = StepProgress(**{name: data[name] for name in _PLAIN if name in data})
    step.started_at = datetime.fromisoformat(data["started_at"]) if "started_at" in data else None
    step.ended_at = datetime.fromisoformat(data["ended_at"]) if "ended_at" in data else None
    step.error = failure_from_json(data["error"]) if "error" in data else None
    return step


def _undo(run: Run, undo: Undo) -> State:
    return {
        "step": undo.node.path,
        "key_frame": undo.node.key_frame,
        "inside": list(undo.inside),
        "outcome": undo.outcome.value if undo.outcome is not None else None,
        "prepared": _prepared(undo.prepared),
        "stuck": undo.stuck,
    }


def _restored_undo(run: Run, data: State) -> Undo:
    node = node_at(run.program, data["step"], data["key_frame"])
    assert node.compensation is not None
    outcome = Outcome(data["outcome"]) if data["outcome"] is not None else None
    undo = Undo(node, node.compensation, tuple(data["inside"]), outcome=outcome, stuck=data["stuck"])
    prepared: State | None = data["prepared"]
    match prepared:
        case {"call": call}:
            undo.prepared = restored_call(run, node.compensation, call)
        case {"names": names, "inside": inside}:
            names = {"input": run.data, **names}
            undo.prepared = Scope(names, Stop(), tuple(inside), node.frame).apart()
        case {"failure": failure}:
            undo.prepared = failure_from_json(failure)
    return undo


def _prepared(prepared: Prepared | None) -> State | None:
    match prepared:
        case None:
            return None
        case ActivityCall():
            return {"call": {"key": prepared.key, **_known_of(prepared)}}
        case ChildCall():
            return {"call": _known_of(prepared)}
        case Scope():
            names = {name: value for name, value in prepared.names.items() if name != "input"}
            return {"names": names, "inside": list(prepared.inside)}
        case Failure():
            return {"failure": failure_to_json(prepared)}


def _known_of(call: ActivityCall | ChildCall) -> State:
    return {"id": call.id, "args": list(call.args), "task_queue": call.task_queue}
