"""What a letter holds so that what has failed can be run again, when the history of its run is gone.

It is what starts the run of the redrive: type, task queue, memo, input and request. The request names the only step
that is run, and has what the step reads. Secret values of the input are left out wherever they are, also in variables
and in results of other steps; the letter names their places, and a person puts them in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dsl.expressions import JsonValue
from dsl.json_schema.write_only import name_place
from dsl.model import ForEachStep
from dsl.source.map import Path
from interpreter.calls.prepare import export_call
from interpreter.effects import ActivityCall, ChildCall
from interpreter.failure.failure import Failure
from interpreter.program.model import Node
from interpreter.program.paths import enclosing_loops
from interpreter.program.reads import Reads, find_reads
from interpreter.state.hidden_input import find_hidden
from interpreter.state.only_step import OnlyStep
from interpreter.state.run import Run
from interpreter.state.saga import Prepared, Undo
from interpreter.state.scope import Scope

Redrive = Mapping[str, Any]
"""What starts the run of a redrive, or `{"refused": WHY}`."""


def describe_step(run: Run, node: Node, scope: Scope) -> Redrive:
    """Describe the redrive of a step."""
    own = replace(node, compensation=None)  # a redrive undoes nothing
    inside = list(own.walk())
    paths = {each.path for each in inside} | set(enclosing_loops(node.path))
    undone = _select_undone(run, paths, [f"{each.path}[" for each in inside if each.is_loop])
    return _describe(
        run, OnlyStep(node.path, node.key_frame, undone=undone), [node], find_reads([own]), scope
    )


def describe_item(run: Run, loop: Node, number: int, key: str | None, scope: Scope) -> Redrive:
    """Describe the redrive of one item of a `for_each`.

    Args:
        run: The run.
        loop: The loop.
        number: The number of the item.
        key: Its key; None without one.
        scope: What its steps see.
    """
    step = loop.step
    assert isinstance(step, ForEachStep)
    undone = _select_undone(run, {loop.path, *enclosing_loops(loop.path)}, [f"{loop.path}[{number}]/"])
    only = OnlyStep(loop.path, loop.key_frame, item={"number": number, "key": key}, undone=undone)
    return _describe(run, only, loop.body, find_reads(loop.body, step.result), scope)


def describe_compensation(run: Run, undo: Undo, prepared: Prepared) -> Redrive:
    """Describe the redrive of a compensation. Its arguments are what they were when its step had ended."""
    only = OnlyStep(undo.node.path, undo.node.key_frame, undo={})
    match prepared:
        case Failure():
            why = run.hidden.redact_text(prepared.message)
            return {"refused": f"its arguments could not be computed ({why}), so nothing can be called"}
        case Scope():
            return _describe(run, only, (), find_reads([undo.compensation]), prepared)
        case ActivityCall() | ChildCall():
            return _describe_call(run, only, export_call(prepared))


def _describe_call(run: Run, only: OnlyStep, call: dict[str, Any]) -> Redrive:
    seen = _Seen(run, Reads(()))
    args = seen.hide("args", call.pop("args"))
    if run.hidden.redact_value(call) is not call:
        return {
            "refused": "its key, workflow id or task queue is a secret value, which a letter does not hold"
        }
    only = replace(only, undo={"call": {**call, "args": args}}, hidden=tuple(seen.hidden))
    return _describe(run, only, (), Reads(()), None)


@dataclass(slots=True, eq=False)
class _Seen:
    """What a step sees, without the secret values in it."""

    run: Run
    reads: Reads
    hidden: list[Path] = field(default_factory=list[Path])
    """Where something is missing that the step reads."""

    def take(self, root: str, data: JsonValue) -> Any:
        """Take what is read of a root: single fields of a map, else all of it or nothing."""
        if isinstance(data, dict):
            data = self.reads.select(root, data)
        elif root not in self.reads.roots:
            return None
        return self.hide(root, data, self.reads.include)

    def hide(self, root: str, data: JsonValue, is_read: Callable[[Path], bool] = lambda _: True) -> Any:
        """Leave out the secret values, and note those that are read."""
        hidden = self.run.hidden
        shown = hidden.redact_value(data)
        if shown is not data:
            places = [each.at for each in find_hidden(hidden, data, (root,))]
            self.hidden += filter(is_read, places or [(root,)])  # without a place it is a key of a map
        return shown


def _describe(run: Run, only: OnlyStep, done: Iterable[Node], reads: Reads, scope: Scope | None) -> Redrive:
    """
    Args:
        run: The run.
        only: What is run, without what it sees.
        done: The steps that are done.
        reads: What is read.
        scope: What is seen; None if that does not matter any more.
    """
    key_frame = f"{only.key_frame}{only.item['key'] if only.item is not None else ''}"
    if run.hidden.redact_text(key_frame) != key_frame:
        return {"refused": "the key of its item is a secret value of the input, which a letter does not hold"}
    seen = _Seen(run, reads, list(only.hidden))
    names: Mapping[str, JsonValue] = scope.names if scope is not None else {}
    only = replace(
        only,
        names={root: seen.hide(root, names[root], reads.include) for root in _list_names(reads, names)},
        vars=seen.take("vars", run.vars),
        steps=seen.take("steps", run.frames[scope.frame] if scope is not None else {}),
        workflow_id=run.workflow_id,
        run_id=run.run_id,
        identity=run.identity,
        pivot=run.saga.pivot,
    )
    data, start = seen.take("input", run.data), run.effects.describe_start()
    only = replace(only, hidden=tuple(seen.hidden))
    request = {**start["request"], "only": only.to_json()}
    if "undone" in request:
        request["undone"] = run.hidden.redact_value(request["undone"])
    if run.generation != 1:
        request["generation"] = run.generation
    return {
        **start,
        "input": data,
        "request": request,
        "hidden": [name_place(place[1:], str(place[0])) for place in seen.hidden],
        "while_running": not _would_be_undone(run, done),
    }


def _list_names(reads: Reads, names: Mapping[str, JsonValue]) -> list[str]:
    """List the names that are handed on. A step's own key is computed anew, in a compensation it is another's."""
    return [
        root
        for root in reads.roots
        if root in names and root != "input" and (root != "step" or "result" in names)
    ]


def _would_be_undone(run: Run, nodes: Iterable[Node]) -> bool:
    """Whether the run would undo some of these steps, once they are done, if it fails."""
    return run.saga.pivot is None and any(each.compensation for node in nodes for each in node.walk())


def _select_undone(run: Run, paths: set[str], prefixes: list[str]) -> dict[str, int]:
    """Select how often effects were undone, of these steps and of those whose paths begin so."""
    begins = tuple(prefixes)
    return {path: times for path, times in run.undone.items() if path in paths or path.startswith(begins)}
